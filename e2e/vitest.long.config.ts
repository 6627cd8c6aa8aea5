import { defineConfig } from 'vitest/config';

/** The tests of src/long: `npm run test:all`. */
export default defineConfig({
  test: {
    dir: 'src/long',
    globalSetup: 'src/global-setup.ts',
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
