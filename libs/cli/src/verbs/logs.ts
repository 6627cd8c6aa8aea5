import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type Command, InvalidArgumentError } from 'commander';
import type { Act, Invocation } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parsePositive } from '../options/parsers.js';
import { logLine } from '../view/log-line.js';

interface Options {
  follow?: boolean;
  lines: number;
}

const DEFAULT_LINES = 100;
/** Of the end of a log that is looked at for its last lines. */
const TAIL_BYTES = 4 * 1024 * 1024;
/** A line of a log beyond this is shown in parts. */
const CHUNK_BYTES = 1024 * 1024;
const LOOK_AGAIN_MS = 250;

/** `onescan logs`: what the services of the local stack have logged. */
export function addLogsVerb(program: Command, act: Act): void {
  program
    .command('logs [service]')
    .description('show what the services of the local stack log; with --json as they write it')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('-n, --lines <n>', 'of the end of each log', parseLines, DEFAULT_LINES)
    .action(
      act(async (invocation, { follow, lines }: Options, service?: string) => {
        const { terminal, global } = invocation;
        const logs = openLogs(join(resolve(terminal.cwd, global.home), 'logs'), service);
        try {
          for (const log of logs) await writeLines(invocation, log, log.last(lines));
          while (follow && !terminal.interrupt.aborted) {
            for (const log of logs) await writeLines(invocation, log, log.more());
            await sleep(LOOK_AGAIN_MS, undefined, { signal: terminal.interrupt }).catch(() => undefined);
          }
        } finally {
          for (const log of logs) log.close();
        }
        return EXIT.ok;
      }),
    );
}

function parseLines(text: string): number {
  const lines = parsePositive(text);
  if (lines <= 100_000) return lines;
  throw new InvalidArgumentError('at most 100000');
}

/** @throws OnescanError NOT_FOUND when there is no log, naming those that there are */
function openLogs(folder: string, service: string | undefined): LogFile[] {
  const names = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => /^([\w.-]+)\.log$/.exec(name)?.[1] ?? [])
    : [];
  const wanted = names.filter(
    (name) => service === undefined || name === service || name.startsWith(`${service}-`),
  );
  if (wanted.length > 0) return wanted.sort().map((name) => new LogFile(name, join(folder, `${name}.log`)));
  const what = service === undefined ? 'there are no logs' : `there is no log of ${service}`;
  throw new OnescanError('NOT_FOUND', `${what} in ${folder}`, {
    remedy:
      names.length > 0
        ? `There are: ${names.sort().join(' ')}`
        : 'Start a stack (onescan up), or name its folder with --home',
  });
}

async function writeLines(
  { terminal, global }: Invocation,
  { name }: LogFile,
  lines: readonly string[],
): Promise<void> {
  for (const line of lines) await terminal.write(`${global.json ? line : logLine(name, line)}\n`);
}

/** A log that services append to, and rotate by copying it and cutting it off. */
class LogFile {
  readonly #file: number;
  #at = 0;
  /** Of a line that is not whole yet. */
  #rest = '';

  constructor(
    readonly name: string,
    path: string,
  ) {
    this.#file = openSync(path, 'r');
  }

  /** The last whole lines. */
  last(count: number): string[] {
    const { size } = fstatSync(this.#file);
    this.#at = Math.max(0, size - TAIL_BYTES);
    const isCut = this.#at > 0;
    const lines = this.more();
    return (isCut ? lines.slice(1) : lines).slice(-count);
  }

  /** Whole lines since the last look. */
  more(): string[] {
    const lines: string[] = [];
    const { size } = fstatSync(this.#file);
    if (size < this.#at) [this.#at, this.#rest] = [0, ''];
    for (const buffer = Buffer.alloc(CHUNK_BYTES); ; ) {
      const read = readSync(this.#file, buffer, 0, CHUNK_BYTES, this.#at);
      if (read === 0) return lines;
      this.#at += read;
      const parts = (this.#rest + buffer.toString('utf8', 0, read)).split('\n');
      this.#rest = parts.pop()!;
      lines.push(...parts.filter((line) => line !== ''));
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
