import type { shownText } from '@onescan/contract/format/shown-text.js';

/**
 * All that a verb sees of the world around the process; tests give a fake. Whatever text is written, asked or drawn, what
 * could steer the terminal in it is written out: see {@link shownText}. Bytes are written as they are, but to a terminal.
 */
export interface Terminal {
  /**
   * Writes data to stdout, resolving when it is written.
   *
   * @throws OnescanError with what the system says when it cannot be; CANCELLED on Ctrl-C meanwhile
   */
  write(data: string | Uint8Array): Promise<void>;
  /** Writes a line for people to stderr. */
  note(line: string): void;
  /** Goes up so many rows of stderr, clears what is below, and writes a text there; only for redrawn status. */
  draw(text: string, rowsUp: number): void;
  /** True when stderr is a terminal that can be redrawn. */
  readonly redraws: boolean;
  /** True when somebody is there to answer: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** Width of stderr in characters. */
  readonly columns: number;
  /** Height of stderr in lines. */
  readonly rows: number;
  /** Asks on stderr and reads one line from stdin. @throws OnescanError CANCELLED on Ctrl-C meanwhile */
  ask(question: string): Promise<string>;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly interrupt: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since some fixed moment; for elapsed times only. */
  now(): number;
}
