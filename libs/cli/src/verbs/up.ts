import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { Command } from 'commander';
import { type Endpoint, readEndpoint } from '../connection/endpoint-file.js';
import type { Act, Invocation } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { addFetcherFlag, parseByteCount, parseDollars, parsePositive } from '../options/parsers.js';
import { writeJson } from '../output/write-json.js';
import { type RunningStack, startStack } from '../stack/stack.js';
import { isBigQuery, type StackOptions, withStackDefaults } from '../stack/stack-options.js';

interface Options {
  warehouse: string;
  trainers?: number;
  maxWorkers?: number;
  memoryLimit?: number;
  listen?: string;
  detach?: boolean;
  fetcherFlag?: string[];
  autoApprove?: number;
}

const DETACH_MS = 90_000;
const POLL_MS = 200;

/** `onescan up`: runs a local stack in the foreground until Ctrl-C, or leaves it behind with --detach. */
export function addUpVerb(program: Command, act: Act): void {
  program
    .command('up')
    .description('start fetcher, coordinator and trainers on this machine')
    .requiredOption(
      '--warehouse <dir>',
      'folder of the embedded warehouse (onescan warehouse build), or bigquery:PROJECT',
    )
    .option('--trainers <n>', 'trainer processes (default: 2, or 1 on one core)', parsePositive)
    .option('--max-workers <n>', 'most trainers used at the same time (default: 8)', parsePositive)
    .option('--memory-limit <bytes>', 'of each trainer, e.g. 4GiB (default: up to 8GiB)', parseByteCount)
    .option('--auto-approve <usd>', 'most that --yes approves without a person (default: 5)', parseDollars)
    .option('--listen <address>', 'of the coordinator (default: a free port on 127.0.0.1)')
    .option(
      '--fetcher-flag <name=value>',
      'passed on to the fetcher, e.g. price-per-tib=6.25 or location=us-central1; repeatable',
      addFetcherFlag,
    )
    .option('--detach', 'leave the stack running in the background; stop it with onescan down')
    .action(
      act(async (invocation, options: Options) => {
        const stackOptions = readOptions(invocation, options);
        return options.detach ? startDetached(invocation, stackOptions) : runStack(invocation, stackOptions);
      }),
    );
}

function readOptions({ terminal, global }: Invocation, options: Options): StackOptions {
  return withStackDefaults({
    warehouse: isBigQuery(options.warehouse) ? options.warehouse : resolve(terminal.cwd, options.warehouse),
    home: resolve(terminal.cwd, global.home),
    ...(options.trainers === undefined ? {} : { trainers: options.trainers }),
    ...(options.maxWorkers === undefined ? {} : { maxWorkers: options.maxWorkers }),
    ...(options.memoryLimit === undefined ? {} : { memoryLimitBytes: options.memoryLimit }),
    ...(options.autoApprove === undefined ? {} : { autoApproveUsd: options.autoApprove }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.fetcherFlag === undefined ? {} : { fetcherFlags: options.fetcherFlag }),
  });
}

async function runStack(invocation: Invocation, options: StackOptions): Promise<ExitCode> {
  const { terminal } = invocation;
  const stack = await startStack(options, terminal.interrupt);
  try {
    await showEndpoint(invocation, options, stack);
    return await supervise(invocation, stack);
  } finally {
    terminal.note('Stopping: trainers finish what they can, then coordinator and fetcher.');
    await stack.stop();
  }
}

/** Reports services that end; the stack goes on without a trainer, but not without all or the others. */
async function supervise({ terminal }: Invocation, stack: RunningStack): Promise<ExitCode> {
  const interrupted = new Promise<'interrupted'>((done) => {
    if (terminal.interrupt.aborted) done('interrupted');
    terminal.interrupt.addEventListener('abort', () => done('interrupted'), { once: true });
  });
  for (;;) {
    const exit = await Promise.race([stack.nextExit(), interrupted]);
    if (exit === 'interrupted') return EXIT.interrupted;
    terminal.note(`${exit.name} ended with ${exit.how}; its log is in ${stack.logs}`);
    if (!exit.name.startsWith('trainer') || exit.trainersLeft === 0) return EXIT.failed;
    terminal.note(`Going on with ${exit.trainersLeft} trainer(s); it is not restarted.`);
  }
}

async function showEndpoint(
  { terminal, global }: Invocation,
  options: StackOptions,
  stack: RunningStack,
): Promise<void> {
  const { coordinator, fetcher, logs } = stack;
  if (global.json) return writeJson(terminal, stack.endpoint());
  await terminal.write(`coordinator ${coordinator}\nfetcher     ${fetcher}\n`);
  terminal.note(
    `${options.trainers} trainers of at most ${formatBytes(options.memoryLimitBytes)}; logs in ${logs}. ` +
      'In another terminal: onescan run --pairs eurusd --yes. Ctrl-C stops everything.',
  );
}

/** Starts this same verb as a background process and waits for its endpoint file. */
async function startDetached({ terminal, global }: Invocation, options: StackOptions): Promise<ExitCode> {
  const logs = join(options.home, 'logs');
  mkdirSync(logs, { recursive: true });
  const logPath = join(logs, 'up.log');
  const log = openSync(logPath, 'w');
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'up', ...detachedFlags(options)], {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  const endpoint = await waitForEndpoint(options.home, () => child.exitCode === null, logPath);
  if (global.json) await writeJson(terminal, endpoint);
  else await terminal.write(`coordinator ${endpoint.coordinator}\nfetcher     ${endpoint.fetcher}\n`);
  return EXIT.ok;
}

function detachedFlags(options: StackOptions): string[] {
  return [
    ...['--warehouse', options.warehouse, '--home', options.home, '--listen', options.listen],
    ...['--trainers', String(options.trainers), '--max-workers', String(options.maxWorkers)],
    ...['--memory-limit', String(options.memoryLimitBytes)],
    ...(options.autoApproveUsd === undefined ? [] : ['--auto-approve', String(options.autoApproveUsd)]),
    ...options.fetcherFlags.flatMap((flag) => ['--fetcher-flag', flag]),
  ];
}

async function waitForEndpoint(home: string, isRunning: () => boolean, logPath: string): Promise<Endpoint> {
  const deadline = performance.now() + DETACH_MS;
  for (;;) {
    const endpoint = readEndpoint(home);
    if (endpoint) return endpoint;
    if (!isRunning() || performance.now() > deadline) {
      throw new OnescanError('UNAVAILABLE', 'the stack did not start', { remedy: `Look at ${logPath}` });
    }
    await sleep(POLL_MS);
  }
}
