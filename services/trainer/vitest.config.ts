import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Tests start real processes; on a busy machine each takes seconds.
  test: { testTimeout: 60_000 },
});
