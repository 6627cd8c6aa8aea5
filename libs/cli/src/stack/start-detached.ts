import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { keepFilesPrivate } from '@onescan/process/private-files.js';
import { type Endpoint, readEndpoint } from '../connection/endpoint-file.js';
import type { Invocation } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';
import { logTail } from './log-tail.js';
import { listenFlags, type StackOptions } from './stack-options.js';
import { requireStartable } from './startable.js';

/** Of services one after the other, and of those whose supervisor was killed to their end. */
const START_MS = 120_000;
const POLL_MS = 200;

/**
 * Runs `onescan up` with these options as a background process and waits for its endpoint file.
 *
 * @throws OnescanError as {@link requireStartable}; UNAVAILABLE with the last lines of its log when it does not start;
 *   CANCELLED on Ctrl-C, after it was stopped
 */
export async function startDetached(
  { terminal, global }: Invocation,
  options: StackOptions,
): Promise<ExitCode> {
  requireStartable(options);
  keepFilesPrivate();
  const logs = join(options.home, 'logs');
  mkdirSync(logs, { recursive: true });
  const logPath = join(logs, 'up.log');
  const logStart = statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
  const child = spawnUp(options, logPath);
  const endpoint = await waitForEndpoint(child, {
    home: options.home,
    logPath,
    logStart,
    interrupt: terminal.interrupt,
  });
  child.unref();
  if (global.json) await writeJson(terminal, endpoint);
  else await terminal.write(`coordinator ${endpoint.coordinator}\nfetcher     ${endpoint.fetcher}\n`);
  if (endpoint.page !== undefined && !global.json) {
    await terminal.write(`page        ${endpoint.page}, a link that opens it: onescan page\n`);
  }
  return EXIT.ok;
}

function spawnUp(options: StackOptions, logPath: string): ChildProcess {
  // Appended to: another stack may be starting here, and writing to it.
  const log = openSync(logPath, 'a');
  try {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    return spawn(process.execPath, [main, 'up', ...flags(options)], {
      stdio: ['ignore', log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

function flags(options: StackOptions): string[] {
  return [
    ...['--warehouse', options.warehouse, '--home', options.home],
    ...(options.listen === undefined ? [] : ['--listen', options.listen]),
    ...(options.page === undefined ? ['--no-page'] : ['--page', options.page]),
    ...(options.jaeger === undefined ? [] : ['--jaeger', options.jaeger]),
    ...listenFlags(options.listenSecurity),
    ...['--trainers', String(options.trainers), '--max-workers', String(options.maxWorkers)],
    ...['--memory-limit', String(options.memoryLimitBytes)],
    ...['--max-restarts', String(options.restarts.most)],
    ...(options.autoApproveUsd === undefined ? [] : ['--auto-approve', String(options.autoApproveUsd)]),
    ...options.fetcherFlags.flatMap((flag) => ['--fetcher-flag', flag]),
  ];
}

interface Waiting {
  home: string;
  logPath: string;
  /** Bytes that were in it before. */
  logStart: number;
  interrupt: AbortSignal;
}

async function waitForEndpoint(
  child: ChildProcess,
  { home, logPath, logStart, interrupt }: Waiting,
): Promise<Endpoint> {
  const deadline = performance.now() + START_MS;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  while (!hasEnded() && performance.now() < deadline && !interrupt.aborted) {
    const endpoint = readEndpoint(home);
    if (endpoint && endpoint.pid === child.pid) return endpoint;
    await sleep(POLL_MS, undefined, { signal: interrupt }).catch(() => undefined);
  }
  const isLate = !hasEnded();
  if (isLate) await stop(child);
  if (interrupt.aborted) throw new OnescanError('CANCELLED', 'interrupted');
  const how = isLate
    ? `not within ${START_MS / 1000} s`
    : `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`;
  const tail = logTail(logPath, logStart);
  throw new OnescanError('UNAVAILABLE', `the stack did not start, ${how}${tail ? `:\n${tail}\n` : ''}`, {
    remedy: `The whole log: ${logPath}`,
  });
}

/** It stops what it has started before it ends. */
async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
