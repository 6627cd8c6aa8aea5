import { announceListening } from '@onescan/shared/announce.js';
import { exitOnUncaught } from '@onescan/shared/exit-on-uncaught.js';
import { shownText } from '@onescan/shared/format/shown-text.js';
import { resolveDatabaseFolder } from '@onescan/shared/local-path.js';
import { createLog } from '@onescan/shared/log.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { keepFilesPrivate } from '@onescan/shared/private-files.js';
import { startTracing } from '@onescan/shared/telemetry/tracing.js';
import { answerHelpAndVersion } from '@onescan/shared/version.js';
import { type FetcherOptions, parseFetcherOptions, USAGE } from './fetcher-options.js';
import { startFetcher } from './start-fetcher.js';

const EXIT_BAD_USAGE = 2;
const EXIT_FAILED = 5;
const EXIT_INTERRUPTED = 130;

answerHelpAndVersion('fetcher', USAGE);
keepFilesPrivate();
const options = readOptions();
const log = createLog('fetcher');
exitOnUncaught(log);
const tracing = startTracing('onescan-fetcher');
try {
  const fetcher = await startFetcher(options, log);
  const stop = signalled();
  announceListening('fetcher', fetcher.address);
  await stop;
  log.info({ graceMs: options.graceMs }, 'draining');
  await fetcher.drain(options.graceMs);
} catch (thrown) {
  log.error({ reason: OnescanError.from(thrown).text }, 'the fetcher failed');
  process.exitCode = EXIT_FAILED;
} finally {
  await tracing.shutdown();
  // A request that was given up may still hold its connection open.
  process.exit();
}

function readOptions(): FetcherOptions {
  try {
    const parsed = parseFetcherOptions(process.argv.slice(2));
    resolveDatabaseFolder({ name: '--cache', value: parsed.cache, cwd: process.cwd() });
    return parsed;
  } catch (thrown) {
    process.stderr.write(`${shownText(OnescanError.from(thrown).text)}\n`);
    process.exit(EXIT_BAD_USAGE);
  }
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (): void => {
      if (++signals > 1) process.exit(EXIT_INTERRUPTED);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
