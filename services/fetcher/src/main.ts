import { runService } from '@onescan/process/service/run-service.js';
import { FETCHER, FETCHER_FLAGS, fetcherOptions } from './fetcher-options.js';
import { startFetcher } from './start-fetcher.js';

await runService({
  name: FETCHER,
  flags: FETCHER_FLAGS,
  example: '--warehouse warehouses/m5 --cache datasets --listen 127.0.0.1:7401 --grant-key grant.key',
  require: fetcherOptions,
  start: async (flags, { log }) => {
    const fetcher = await startFetcher(fetcherOptions(flags), log);
    return { address: fetcher.address, stop: () => fetcher.drain(flags.graceMs) };
  },
});
