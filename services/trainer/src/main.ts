import { exitOnUncaught } from '@onescan/shared/exit-on-uncaught.js';
import { shownText } from '@onescan/shared/format/shown-text.js';
import { createLog } from '@onescan/shared/log.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { keepFilesPrivate } from '@onescan/shared/private-files.js';
import { readProcessMemory } from '@onescan/shared/process-memory.js';
import { startTracing } from '@onescan/shared/telemetry/tracing.js';
import { answerHelpAndVersion } from '@onescan/shared/version.js';
import { Trainer } from './trainer.js';
import { serveTrainerHealth } from './trainer-health.js';
import { parseTrainerOptions, type TrainerOptions, USAGE } from './trainer-options.js';

const EXIT_BAD_USAGE = 2;
const EXIT_FAILED = 5;
const EXIT_INTERRUPTED = 130;

function readOptions(): TrainerOptions {
  try {
    return parseTrainerOptions(process.argv.slice(2), readProcessMemory());
  } catch (thrown) {
    process.stderr.write(`${shownText(OnescanError.from(thrown).text)}\n`);
    process.exit(EXIT_BAD_USAGE);
  }
}

/** The first signal drains, the second forces. */
function drainOnSignals(trainer: Trainer): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (++signals > 1) process.exit(EXIT_INTERRUPTED);
    trainer.drain(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

answerHelpAndVersion('trainer', USAGE);
keepFilesPrivate();
const options = readOptions();
const log = createLog('trainer');
exitOnUncaught(log);
const tracing = startTracing('onescan-trainer');
try {
  const health = await serveTrainerHealth(options.healthListen);
  const trainer = new Trainer(options, { log, onState: (state) => health.onState(state) });
  drainOnSignals(trainer);
  await trainer.run().finally(() => health.close());
} catch (thrown) {
  log.error({ reason: OnescanError.from(thrown).text }, 'the trainer failed');
  process.exitCode = EXIT_FAILED;
} finally {
  await tracing.shutdown();
  // Spans that nobody takes may still hold a connection open.
  process.exit();
}
