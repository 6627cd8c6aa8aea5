import { shownText } from '@onescan/contract/format/shown-text.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { announceListening } from '../announce.js';
import { exitOnUncaught } from '../exit-on-uncaught.js';
import { createLog, type Logger } from '../log.js';
import { keepFilesPrivate } from '../private-files.js';
import { startTracing } from '../telemetry/start-tracing.js';
import { version } from '../version.js';
import { flagHelp, requiredFlags } from './flag-docs.js';
import { checkFlags, type FlagTable, type FlagValues, readFlags } from './flag-table.js';

/** How the process of a service ends. */
export const SERVICE_EXIT = { ok: 0, badUsage: 2, failed: 5, interrupted: 130 } as const;

/** What every service reads from its environment, beside the flags. */
export const SERVICE_ENVIRONMENT: Readonly<Record<string, string>> = {
  ONESCAN_LOG_LEVEL: 'debug, info (default), warn or error',
  ONESCAN_TLS_CERT: 'file for --tls-cert where that is not given; the same for the next three',
  ONESCAN_TLS_KEY: 'file for --tls-key',
  ONESCAN_TLS_CA: 'file for --tls-ca',
  ONESCAN_TLS_CLIENT_CA: 'file for --tls-client-ca',
  ONESCAN_LOG_FILE: 'the file that stderr is appended to: it is rotated at 16 MiB',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'where traces are sent, with the other OTEL_* variables of OpenTelemetry',
};

/** A service that has started. */
export interface RunningService {
  /** Where it listens, for the announcement; undefined for nowhere. */
  readonly address?: string;
  /** "host:port" that is served beside it. */
  readonly tcp?: string;
  /** Address of a page for browsers. */
  readonly page?: string;
  /** Ends in order, at the first signal. */
  stop(signal: NodeJS.Signals): Promise<void> | void;
  /** Of a service that may end by itself, or goes on for a while after it is told to stop: when it is over. */
  readonly ended?: Promise<void>;
}

export interface ServiceSurroundings {
  readonly log: Logger;
  /** Ends the process at once, when it cannot go on. */
  fail(thrown: unknown): never;
}

/** Something else that the process does instead of serving, chosen by a switch. */
export interface OtherTask {
  /** Name of the switch with its dashes. */
  readonly flag: string;
  readonly flags: FlagTable;
  /** Does it; the result is printed as one line of JSON. */
  run(args: readonly string[]): Promise<unknown>;
}

export interface Service<Table extends FlagTable> {
  readonly name: string;
  readonly flags: Table;
  /** The flags of a command that people type. */
  readonly example: string;
  /** Holds flags against each other; throws an OnescanError that names one. Default: all go together. */
  require?(values: FlagValues<Table>): void;
  start(values: FlagValues<Table>, surroundings: ServiceSurroundings): Promise<RunningService>;
  readonly instead?: OtherTask;
}

/** What --help prints. */
export function serviceHelp({
  name,
  flags,
  example,
  instead,
}: Pick<Service<FlagTable>, 'name' | 'flags' | 'example' | 'instead'>): string {
  const main = `onescan serve ${name}`;
  const usage = [`usage: ${main} ${requiredFlags(flags)} [flags]`, flagHelp(flags)];
  if (instead)
    usage.push('', `   or: ${main} ${requiredFlags(instead.flags)} [flags]`, flagHelp(instead.flags));
  const environment = Object.entries(SERVICE_ENVIRONMENT).map(([key, doc]) => `  ${key.padEnd(29)}${doc}`);
  usage.push('  --help, --version', '', 'environment:', ...environment);
  usage.push('', 'example:', `  ${main} ${example}`);
  usage.push('', 'exit codes: 0 stopped, 2 wrong flag, 5 failed, 130 ended by a second signal');
  return usage.join('\n');
}

/**
 * Is the life of a service's process: reads its flags, starts it, says where it listens, stops it in order at the first
 * SIGTERM or SIGINT and at once at the second, and ends with one of {@link SERVICE_EXIT}.
 */
export async function runService<Table extends FlagTable>(
  service: Service<Table>,
  args: readonly string[] = process.argv.slice(2),
): Promise<never> {
  answerHelpAndVersion(service, args);
  keepFilesPrivate();
  const { instead } = service;
  if (instead && args.includes(instead.flag)) return await doInstead(instead, args);
  const values = readValues(service, args);
  const log = createLog(service.name);
  exitOnUncaught(log);
  const tracing = await startTracing(`onescan-${service.name}`, log);
  const fail = (thrown: unknown): never => {
    log.fatal({ err: thrown, reason: OnescanError.from(thrown).text }, `the ${service.name} failed`);
    process.exit(SERVICE_EXIT.failed);
  };
  let code: number = SERVICE_EXIT.ok;
  // One that comes during the start ends the service in order as soon as it has started.
  const signal = firstSignal();
  try {
    await untilEnded(service.name, await service.start(values, { log, fail }), { signal, log });
  } catch (thrown) {
    log.fatal({ err: thrown, reason: OnescanError.from(thrown).text }, `the ${service.name} failed`);
    code = SERVICE_EXIT.failed;
  }
  await tracing.shutdown();
  // What was given up may still hold a connection open.
  process.exit(code);
}

function answerHelpAndVersion(
  service: Pick<Service<FlagTable>, 'name' | 'flags' | 'example' | 'instead'>,
  args: readonly string[],
): void {
  const isHelp = args.includes('--help');
  if (!isHelp && !args.includes('--version')) return;
  process.stdout.write(isHelp ? `${serviceHelp(service)}\n` : `onescan-${service.name} ${version()}\n`);
  process.exit(SERVICE_EXIT.ok);
}

function readValues<Table extends FlagTable>(
  service: Service<Table>,
  args: readonly string[],
): FlagValues<Table> {
  try {
    const values = readFlags(service.name, service.flags, args);
    service.require?.(values);
    checkFlags(service.flags, values);
    return values;
  } catch (thrown) {
    return endWithText(thrown, SERVICE_EXIT.badUsage);
  }
}

async function doInstead(task: OtherTask, args: readonly string[]): Promise<never> {
  try {
    process.stdout.write(`${JSON.stringify(await task.run(args))}\n`);
    process.exit(SERVICE_EXIT.ok);
  } catch (thrown) {
    const isUsage = OnescanError.from(thrown).code === 'INVALID_ARGUMENT';
    return endWithText(thrown, isUsage ? SERVICE_EXIT.badUsage : SERVICE_EXIT.failed);
  }
}

function endWithText(thrown: unknown, code: number): never {
  process.stderr.write(`${shownText(OnescanError.from(thrown).text)}\n`);
  process.exit(code);
}

async function untilEnded(
  name: string,
  running: RunningService,
  { signal: first, log }: { signal: Promise<NodeJS.Signals>; log: Logger },
): Promise<void> {
  const stopped = first.then(async (signal) => {
    log.info({ signal }, 'draining');
    await running.stop(signal);
    await running.ended;
  });
  const { address, tcp, page } = running;
  if (address !== undefined) {
    announceListening({
      ...{ service: name, address },
      ...(tcp === undefined ? {} : { tcp }),
      ...(page === undefined ? {} : { page }),
    });
  }
  await (running.ended ? Promise.race([running.ended, stopped]) : stopped);
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (++signals > 1) process.exit(SERVICE_EXIT.interrupted);
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
