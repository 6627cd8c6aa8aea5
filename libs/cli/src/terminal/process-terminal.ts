import { createInterface } from 'node:readline/promises';
import { shownText } from '@onescan/contract/format/shown-text.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { unlessInterrupted } from './interrupted.js';
import { redrawing } from './status-area.js';
import type { Terminal } from './terminal.js';

const DEFAULT_COLUMNS = 100;
const DEFAULT_ROWS = 24;
const INTERRUPTED = 130;

/**
 * The terminal of this process. The first Ctrl-C or SIGTERM aborts `interrupt` so that verbs can stop in
 * order; the second ends the process at once (services it started notice the closed pipe and stop).
 */
export function processTerminal(): Terminal {
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onInterrupt);
  endQuietlyWhenReaderLeaves();
  const { stdin, stderr, env } = process;
  const canRedraw = stderr.isTTY === true && env.TERM !== 'dumb';
  return {
    write: (data) => writeOut(data, interrupt.signal),
    note: (line) => void stderr.write(`${shownText(line)}\n`),
    draw: (text, rowsUp) => void stderr.write(redrawing(text, rowsUp)),
    redraws: canRedraw && !isCi(env),
    interactive: stdin.isTTY === true && stderr.isTTY === true && !isCi(env),
    // A terminal that does not know its size says 0.
    get columns() {
      return stderr.columns || DEFAULT_COLUMNS;
    },
    get rows() {
      return stderr.rows || DEFAULT_ROWS;
    },
    ask: (question) => ask(question, { canRedraw, interrupt: interrupt.signal, onInterrupt }),
    interrupt: interrupt.signal,
    env,
    cwd: process.cwd(),
    now: () => performance.now(),
  };
}

/** Nobody answers in a build; `CI=false` says that it is none. */
function isCi({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && !['', '0', 'false'].includes(CI.toLowerCase());
}

/** @throws OnescanError with what the system says when nothing more can be written; CANCELLED on Ctrl-C */
function writeOut(data: string | Uint8Array, interrupt: AbortSignal): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    process.stdout.write(shownData(data), (error) => (error ? reject(writeError(error)) : resolve()));
  });
  return unlessInterrupted(written, interrupt);
}

/** Bytes of a text that is written to a terminal in pieces. */
const pieces = new TextDecoder();

function shownData(data: string | Uint8Array): string | Uint8Array {
  if (typeof data === 'string') return shownText(data);
  return process.stdout.isTTY ? shownText(pieces.decode(data, { stream: true })) : data;
}

const WRITE_ERRORS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'file too large',
  EIO: 'input/output error',
};

function writeError(error: NodeJS.ErrnoException): OnescanError {
  const reason = WRITE_ERRORS[error.code ?? ''] ?? error.message;
  const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE';
  return new OnescanError(code, `cannot write: ${reason}`, {
    remedy: 'Free space where stdout goes to, or write elsewhere',
    cause: error,
  });
}

/** `onescan ledger ... | head` is no error; other errors reach who writes, and on stderr there is nobody to tell. */
function endQuietlyWhenReaderLeaves(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  process.stderr.on('error', () => undefined);
}

interface Asking {
  canRedraw: boolean;
  interrupt: AbortSignal;
  onInterrupt: () => void;
}

/** The line that is typed; "" at the end of the input. @throws OnescanError CANCELLED on Ctrl-C */
async function ask(question: string, { canRedraw, interrupt, onInterrupt }: Asking): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: canRedraw });
  // Reading a line takes Ctrl-C from the terminal as a key.
  lines.on('SIGINT', onInterrupt);
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  let answer: string | undefined;
  try {
    answer = await unlessInterrupted(Promise.race([lines.question(shownText(question)), ended]), interrupt);
    return answer ?? '';
  } finally {
    lines.close();
    // Nobody pressed Enter: what follows begins on a line of its own.
    if (answer === undefined) process.stderr.write('\n');
  }
}
