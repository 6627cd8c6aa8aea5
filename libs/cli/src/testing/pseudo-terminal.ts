import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import xterm from '@xterm/headless';

const BRIDGE = fileURLToPath(new URL('../../src/testing/pty-bridge.py', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/onescan.mjs', import.meta.url));
const TIMEOUT_MS = 40_000;
const POLL_MS = 20;
const CTRL_C = '\u0003';

/** True where pseudo-terminals can be had; says on stderr that tests are skipped where not. */
export function hasPseudoTerminals(): boolean {
  const found = spawnSync('python3', ['-c', 'import pty, fcntl, termios'], { stdio: 'ignore' });
  if (found.status === 0) return true;
  console.warn('no python3 with the module pty: the tests on a real pseudo-terminal are skipped');
  return false;
}

interface Options {
  columns?: number;
  rows?: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

/** `onescan ...` on a real pseudo-terminal, with a model of the screen that a person would see. */
export class PseudoTerminal {
  /** All that was written, escape codes included. */
  output = '';
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #screen: InstanceType<typeof xterm.Terminal>;

  constructor(args: readonly string[], { columns = 100, rows = 30, env = {}, cwd }: Options = {}) {
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
    const { CI: _, NO_COLOR: __, ...outer } = process.env;
    this.#child = spawn('python3', [BRIDGE, `${columns}`, `${rows}`, process.execPath, BIN, ...args], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: { ...outer, TERM: 'xterm-256color', ...env },
      cwd,
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#screen.write(text);
    });
    this.exited = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Everything that scrolled by and is on the screen now, as lines without trailing blanks. */
  lines(): string[] {
    const { active } = this.#screen.buffer;
    const lines = Array.from(
      { length: active.length },
      (_, i) => active.getLine(i)?.translateToString(true) ?? '',
    );
    return lines.slice(0, 1 + lines.findLastIndex((line) => line !== ''));
  }

  text(): string {
    return this.lines().join('\n');
  }

  type(text: string): void {
    this.#child.stdin!.write(text);
  }

  pressCtrlC(): void {
    this.type(CTRL_C);
  }

  async resize(columns: number, rows: number): Promise<void> {
    this.#screen.resize(columns, rows);
    (this.#child.stdio[3] as Writable).write(`${columns} ${rows}\n`);
    await sleep(2 * POLL_MS);
  }

  /** Waits until the text on the screen matches. @throws Error with the screen when it does not in time */
  async until(pattern: RegExp, timeoutMs = TIMEOUT_MS): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!pattern.test(this.text())) {
      if (performance.now() > deadline) throw new Error(`no ${pattern} on the screen:\n${this.text()}`);
      await sleep(POLL_MS);
    }
  }

  /** The exit code, once all that was written is on the screen. */
  async end(): Promise<number | null> {
    const code = await this.exited;
    await new Promise<void>((resolve) => this.#screen.write('', resolve));
    return code;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
