import { announceListening } from '@onescan/shared/announce.js';
import { exitOnUncaught } from '@onescan/shared/exit-on-uncaught.js';
import { shownText } from '@onescan/shared/format/shown-text.js';
import { resolveDatabaseFolder } from '@onescan/shared/local-path.js';
import { createLog } from '@onescan/shared/log.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { keepFilesPrivate } from '@onescan/shared/private-files.js';
import { startTracing } from '@onescan/shared/telemetry/tracing.js';
import { answerHelpAndVersion } from '@onescan/shared/version.js';
import {
  type CoordinatorOptions,
  parseCoordinatorOptions,
  parseRestoreOptions,
  USAGE,
} from './coordinator-options.js';
import { type RunningCoordinator, startCoordinator } from './start-coordinator.js';
import { restoreState } from './store/restore-state.js';

const EXIT_BAD_USAGE = 2;
const EXIT_FAILED = 5;
const EXIT_INTERRUPTED = 130;

answerHelpAndVersion('coordinator', USAGE);
keepFilesPrivate();
const log = createLog('coordinator');
exitOnUncaught(log);
const tracing = startTracing('onescan-coordinator');

function readOptions<T>(parse: (args: readonly string[]) => T): T {
  try {
    return parse(process.argv.slice(2));
  } catch (thrown) {
    process.stderr.write(`${shownText(OnescanError.from(thrown).text)}\n`);
    process.exit(EXIT_BAD_USAGE);
  }
}

/** @throws OnescanError INVALID_ARGUMENT when no database can be written in the state folder */
function checkedOptions(args: readonly string[]): CoordinatorOptions {
  const options = parseCoordinatorOptions(args);
  resolveDatabaseFolder({ name: '--state', value: options.stateDir, cwd: process.cwd() });
  return options;
}

/** The first signal shuts down in order, the second forces. */
function shutDownOnSignals(coordinator: RunningCoordinator): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (++signals > 1) process.exit(EXIT_INTERRUPTED);
    log.info({ signal }, 'shutting down');
    coordinator
      .shutdown()
      .then(() => tracing.shutdown())
      .then(
        () => process.exit(0),
        (thrown: unknown) => fail(thrown),
      );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

function fail(thrown: unknown): never {
  log.fatal({ err: thrown, reason: OnescanError.from(thrown).text }, 'the coordinator failed');
  process.exit(EXIT_FAILED);
}

async function serve(options: CoordinatorOptions): Promise<void> {
  const coordinator = await startCoordinator(options, log, { onFatal: fail });
  shutDownOnSignals(coordinator);
  announceListening('coordinator', coordinator.address, coordinator.tcp);
}

/** Brings a state folder back instead of serving it; one line of JSON on stdout says what was done. */
async function restore(options: Parameters<typeof restoreState>[0]): Promise<void> {
  try {
    process.stdout.write(`${JSON.stringify(await restoreState(options))}\n`);
  } catch (thrown) {
    process.stderr.write(`${shownText(OnescanError.from(thrown).text)}\n`);
    process.exit(EXIT_FAILED);
  }
}

try {
  const toRestore = readOptions(parseRestoreOptions);
  if (toRestore) await restore({ ...toRestore, nowMs: Date.now() });
  else await serve(readOptions(checkedOptions));
} catch (thrown) {
  fail(thrown);
}
