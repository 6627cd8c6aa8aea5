import { defineConfig } from 'vitest/config';

/** Processes and sockets take their time on a loaded machine; nothing here asserts how long. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000, interval: 20 } },
    env: { ONESCAN_LOG_LEVEL: 'fatal' },
  },
});
