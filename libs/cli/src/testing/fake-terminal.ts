import { redrawing } from '../terminal/status-area.js';
import type { Terminal } from '../terminal/terminal.js';

/** A terminal that remembers what was written. */
export interface FakeTerminal extends Terminal {
  /** All of stdout. */
  data(): string;
  /** Lines of stderr. */
  readonly notes: string[];
  /** Raw drawing on stderr. */
  readonly drawn: string[];
  /** What {@link Terminal.ask} was asked. */
  readonly questions: string[];
  /** Presses Ctrl-C. */
  pressCtrlC(): void;
  /** Moves the clock on by milliseconds. */
  advance(ms: number): void;
}

interface Options {
  redraws?: boolean;
  /** Answers to questions, in order; without any the terminal is not interactive. */
  answers?: string[];
  env?: Record<string, string>;
  cwd?: string;
  columns?: number;
  rows?: number;
}

export function fakeTerminal(options: Options = {}): FakeTerminal {
  const written: Buffer[] = [];
  const notes: string[] = [];
  const drawn: string[] = [];
  const questions: string[] = [];
  const interrupt = new AbortController();
  const answers = options.answers ?? [];
  let clock = 0;
  return {
    write: async (data) => void written.push(Buffer.from(data)),
    note: (line) => void notes.push(line),
    draw: (text, rowsUp) => void drawn.push(redrawing(text, rowsUp)),
    redraws: options.redraws ?? false,
    interactive: options.answers !== undefined,
    columns: options.columns ?? 100,
    rows: options.rows ?? 24,
    ask: async (question) => {
      questions.push(question);
      return answers.shift() ?? '';
    },
    interrupt: interrupt.signal,
    env: options.env ?? {},
    cwd: options.cwd ?? '/nowhere',
    now: () => clock,
    data: () => Buffer.concat(written).toString('utf8'),
    notes,
    drawn,
    questions,
    pressCtrlC: () => interrupt.abort(),
    advance: (ms) => {
      clock += ms;
    },
  };
}
