import { readFlags } from '@onescan/process/service/flag-table.js';
import { runService } from '@onescan/process/service/run-service.js';
import { COORDINATOR, COORDINATOR_FLAGS, RESTORE_FLAGS, requireTogether } from './coordinator-options.js';
import { startCoordinator } from './start-coordinator.js';
import { restoreState } from './store/restore-state.js';

await runService({
  name: COORDINATOR,
  flags: COORDINATOR_FLAGS,
  example: '--fetcher 127.0.0.1:7401 --state state --listen 127.0.0.1:7400 --grant-key grant.key',
  require: requireTogether,
  start: async (options, { log, fail }) => {
    const { address, tcp, page, shutdown } = await startCoordinator(options, log, { onFatal: fail });
    return {
      address,
      ...(tcp === undefined ? {} : { tcp }),
      ...(page === undefined ? {} : { page }),
      stop: shutdown,
    };
  },
  instead: {
    flag: '--restore',
    flags: RESTORE_FLAGS,
    run: async (args) => {
      const { restore: _, ...options } = readFlags(COORDINATOR, RESTORE_FLAGS, args);
      return await restoreState({ ...options, nowMs: Date.now() });
    },
  },
});
