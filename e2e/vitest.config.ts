import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    exclude: [...configDefaults.exclude, '**/long/**'],
    globalSetup: 'src/global-setup.ts',
    // Each file starts processes of its own, which wait for each other most of the time.
    maxWorkers: 2,
    // What the files share is loaded once by each worker.
    isolate: false,
    testTimeout: 300_000,
    hookTimeout: 180_000,
  },
});
