import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Terminal } from './terminal.js';

const DEFAULT_COLUMNS = 100;
const INTERRUPTED = 130;

/**
 * The terminal of this process. The first Ctrl-C or SIGTERM aborts `interrupt` so that verbs can stop in
 * order; the second ends the process at once (services it started notice the closed pipe and stop).
 */
export function processTerminal(): Terminal {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interrupt.signal.aborted) process.exit(INTERRUPTED);
      interrupt.abort();
    });
  }
  endQuietlyWhenReaderLeaves();
  return {
    write: (data) => writeOut(data),
    note: (line) => void process.stderr.write(`${line}\n`),
    draw: (text) => void process.stderr.write(text),
    redraws: process.stderr.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    get columns() {
      return process.stderr.columns ?? DEFAULT_COLUMNS;
    },
    ask: (question) => ask(question, interrupt.signal),
    interrupt: interrupt.signal,
    env: process.env,
    cwd: process.cwd(),
    now: () => performance.now(),
  };
}

async function writeOut(data: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(data)) await once(process.stdout, 'drain');
}

/** `onescan ledger ... | head` is no error. */
function endQuietlyWhenReaderLeaves(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}
