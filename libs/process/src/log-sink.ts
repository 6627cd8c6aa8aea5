import { copyFileSync, fstatSync, renameSync, truncateSync, write, writeSync } from 'node:fs';
import { shownText } from '@onescan/contract/format/shown-text.js';
import { LOSSES } from './telemetry/losses.js';

/** Bytes of lines that may wait for a slow destination; what comes beyond is dropped and counted. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** A log file of this size, in bytes, is put aside and begun again. */
const DEFAULT_ROTATE_BYTES = 16 * 1024 * 1024;

/** Files put aside: `x.log.1` is the latest. */
const KEPT_FILES = 3;

/** A write that takes longer, in milliseconds, is stuck: the end of the process does not wait for it. */
const STUCK_MS = 1_000;

/** Pause before a descriptor that took nothing is tried again, in milliseconds. */
const RETRY_MS = 50;

export interface LogSinkOptions {
  /** Where lines go. Default: stderr. */
  readonly fd?: number;
  /** The file that the descriptor appends to, when it is to be rotated. */
  readonly path?: string;
  readonly rotateBytes?: number;
  /** Makes the line that tells how many were dropped, as soon as lines can be written again. */
  readonly droppedLine: (dropped: number, reason: string) => string;
}

/**
 * Takes log lines without waiting for them: a destination that is full, slow or gone costs lines, which are counted,
 * and never the caller. Nothing here throws. (The destinations that pino brings try a full disk for ever at the end
 * of the process.)
 */
export class LogSink {
  readonly #options: LogSinkOptions;
  readonly #fd: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #fileBytes: number;
  #dropped = 0;
  #reason = '';
  #scheduled = false;
  /** When the write under way began, by the monotonic clock in milliseconds; undefined while there is none. */
  #writingSince: number | undefined;

  constructor(options: LogSinkOptions) {
    this.#options = options;
    this.#fd = options.fd ?? 2;
    this.#fileBytes = options.path === undefined ? 0 : sizeOf(this.#fd);
    flushAtExit(this);
  }

  /** Takes a line with its newline. It is written, as it may be shown, after what runs now has given way. */
  write(text: string): void {
    const line = shownText(text);
    const bytes = Buffer.byteLength(line);
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#drop(1, 'lines came faster than they were taken');
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += bytes;
    if (this.#scheduled || this.#writingSince !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#writeNext();
    });
  }

  /** Writes what is waiting before it returns, unless the destination is stuck or refuses. */
  flushSync(): void {
    if (this.#writingSince !== undefined && performance.now() - this.#writingSince > STUCK_MS) return;
    const lines = this.#takeAll();
    let rest = Buffer.from(lines.join(''));
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#fd, rest));
    } catch (thrown) {
      this.#drop(lines.length, codeOf(thrown));
    }
  }

  #writeNext(): void {
    if (this.#writingSince !== undefined || this.#waiting.length === 0) return;
    const lines = this.#takeAll();
    this.#writingSince = performance.now();
    this.#writeRest(Buffer.from(lines.join('')), lines.length);
  }

  #writeRest(rest: Buffer, lines: number): void {
    write(this.#fd, rest, (problem, written) => {
      if (problem?.code === 'EAGAIN') {
        setTimeout(() => this.#writeRest(rest, lines), RETRY_MS).unref();
        return;
      }
      if (problem) {
        this.#drop(lines, codeOf(problem));
      } else {
        this.#fileBytes += written;
        if (written < rest.length) {
          this.#writeRest(rest.subarray(written), lines);
          return;
        }
        this.#tellDropped();
        if (this.#fileBytes >= (this.#options.rotateBytes ?? DEFAULT_ROTATE_BYTES)) this.#rotate();
      }
      this.#writingSince = undefined;
      this.#writeNext();
    });
  }

  #takeAll(): string[] {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return lines;
  }

  #drop(lines: number, reason: string): void {
    this.#dropped += lines;
    LOSSES.logLines += lines;
    this.#reason = reason;
  }

  /** Only after a write that went well: a destination that refuses would be told of its refusals for ever. */
  #tellDropped(): void {
    if (this.#dropped === 0) return;
    const line = this.#options.droppedLine(this.#dropped, this.#reason);
    this.#dropped = 0;
    this.write(line);
  }

  /**
   * Copies the file and empties it: the descriptor, which a parent process may have opened, stays the same. Where
   * there is no room for the copy the file is emptied all the same, since its size is what is promised.
   */
  #rotate(): void {
    const { path } = this.#options;
    this.#fileBytes = 0;
    if (path === undefined) return;
    try {
      for (let i = KEPT_FILES - 1; i >= 1; i--) moveIfThere(`${path}.${i}`, `${path}.${i + 1}`);
      copyFileSync(path, `${path}.1`);
    } catch (thrown) {
      this.#drop(0, codeOf(thrown));
    }
    try {
      truncateSync(path);
    } catch (thrown) {
      this.#drop(0, codeOf(thrown));
    }
  }
}

const sinks: LogSink[] = [];

function flushAtExit(sink: LogSink): void {
  if (sinks.length === 0) {
    process.on('exit', () => {
      for (const each of sinks) each.flushSync();
    });
  }
  sinks.push(sink);
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

function sizeOf(fd: number): number {
  try {
    return fstatSync(fd).size;
  } catch {
    return 0;
  }
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? String(thrown);
}
