import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    exclude: [...configDefaults.exclude, '**/long/**'],
    globalSetup: 'src/global-setup.ts',
    // Each file starts processes of its own; side by side they would only slow each other down.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
