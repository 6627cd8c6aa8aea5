import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { sendableText } from '@onescan/contract/format/sendable-text.js';
import { diskFull, isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { requireNoLink } from '@onescan/dataset/no-links.js';

/** The file that is written to, in the folder of the service. */
export const AUDIT_FILE = 'audit.jsonl';

/** Files that are full: audit-000000000001.jsonl begins with the entry of this number. */
const FULL_FILE = /^audit-(\d{12})\.jsonl$/;

const FILE_BYTES = 16 * 1024 * 1024;

/** Full files kept, the newest: with 400 bytes an entry some 800,000 entries. */
const FILES_KEPT = 20;

/** No entry is longer: its texts are cut. */
const ENTRY_BYTES = 16 * 1024;
const TEXT_BYTES = 512;

const CLOSED = -1;

/** What stands before the first entry of all. */
const NOTHING_BEFORE = '0'.repeat(64);

/** How far a call has come. */
export type AuditOutcome = 'asked' | 'done' | 'refused' | 'failed';

export type AuditFacts = Readonly<Record<string, string | number | boolean>>;

export interface AuditEntry {
  /** Name of who asked; empty when nobody is told from another. */
  readonly who: string;
  /** How that is known. */
  readonly by: string;
  /** The method, e.g. "ApproveRun". */
  readonly action: string;
  readonly outcome: AuditOutcome;
  /** Number of the entry that says that it was asked. */
  readonly of?: number;
  /** Which run, which plan, how many dollars and bytes. */
  readonly facts?: AuditFacts;
}

export interface AuditLogOptions {
  readonly clock?: () => number;
  readonly fileBytes?: number;
  readonly filesKept?: number;
}

/**
 * An append-only list of what was asked of a service: one JSON object a line, each with the SHA-256 of the line before
 * it, so that what was changed or taken out shows. An entry is on disk when `append` returns. For one process at a time.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #options: Required<AuditLogOptions>;
  #file: number;
  #bytes: number;
  #sequence: number;
  #previous: string;

  /** @throws OnescanError FAILED_PRECONDITION when the file is a link; of the file system */
  constructor(folder: string, options: AuditLogOptions = {}) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#options = { clock: Date.now, fileBytes: FILE_BYTES, filesKept: FILES_KEPT, ...options };
    this.#file = open(join(folder, AUDIT_FILE));
    const last = lastLineOf(this.#file) ?? this.#lastOfFull();
    this.#bytes = fstatSync(this.#file).size;
    this.#sequence = last?.sequence ?? 0;
    this.#previous = last?.hash ?? NOTHING_BEFORE;
  }

  /**
   * Writes an entry down; its number.
   *
   * @throws OnescanError RESOURCE_EXHAUSTED when the disk is full, INTERNAL when the file cannot be written
   */
  append({ who, by, action, outcome, of, facts }: AuditEntry): number {
    const sequence = this.#sequence + 1;
    const time = new Date(this.#options.clock()).toISOString();
    const entry = {
      sequence,
      time,
      ...{ who: text(who), by: text(by), action: text(action), outcome },
      ...(of === undefined ? {} : { of }),
      ...Object.fromEntries(Object.entries(facts ?? {}).map(([name, value]) => [name, bounded(value)])),
      previous: this.#previous,
    };
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    if (line.length > ENTRY_BYTES)
      throw new OnescanError('INTERNAL', 'an entry of the audit log is too long');
    if (this.#bytes + line.length > this.#options.fileBytes && this.#bytes > 0) this.#startFile(sequence);
    this.#write(line);
    this.#bytes += line.length;
    this.#sequence = sequence;
    this.#previous = hashOf(line);
    return sequence;
  }

  /** Later entries are refused: the number of the file may be another's by then. */
  close(): void {
    if (this.#file !== CLOSED) closeSync(this.#file);
    this.#file = CLOSED;
  }

  /** A line is there as a whole or not at all. */
  #write(line: Buffer): void {
    if (this.#file === CLOSED) throw new OnescanError('UNAVAILABLE', 'the audit log is closed');
    try {
      // Less than all of it is written only to a disk that is full.
      if (writeSync(this.#file, line) < line.length) throw new Error('ENOSPC: no space left on device');
      fdatasyncSync(this.#file);
    } catch (thrown) {
      ftruncateSync(this.#file, this.#bytes);
      const error = OnescanError.from(thrown);
      const message = `the audit log in ${this.#folder} cannot be written: ${error.message}`;
      const remedy = 'Nothing is done that is not written down: free space there';
      throw isDiskFull(error)
        ? diskFull(message, { remedy })
        : new OnescanError('INTERNAL', message, { remedy, cause: thrown });
    }
  }

  #startFile(sequence: number): void {
    closeSync(this.#file);
    const path = join(this.#folder, AUDIT_FILE);
    const first = firstSequence(path) ?? sequence;
    renameSync(path, join(this.#folder, fullName(first)));
    this.#file = open(path);
    this.#bytes = 0;
    const full = fullFiles(this.#folder);
    for (const name of full.slice(0, Math.max(0, full.length - this.#options.filesKept))) {
      rmSync(join(this.#folder, name), { force: true });
    }
  }

  /** Where a process was killed between two files. */
  #lastOfFull(): LastLine | undefined {
    const newest = fullFiles(this.#folder).at(-1);
    if (newest === undefined) return undefined;
    const file = openSync(join(this.#folder, newest), 'r');
    try {
      return readLastLine(file);
    } finally {
      closeSync(file);
    }
  }
}

/** Names of the files of a log that are full, oldest first. */
export function fullFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => FULL_FILE.test(name))
    .sort();
}

interface LastLine {
  readonly sequence: number;
  readonly hash: string;
}

function open(path: string): number {
  requireNoLink(path);
  return openSync(path, 'a+', 0o600);
}

/** The last whole line; what a machine that lost its power left of another is taken away. */
function lastLineOf(file: number): LastLine | undefined {
  const { size } = fstatSync(file);
  const tail = readTail(file, size);
  const whole = tail.lastIndexOf(0x0a) + 1;
  if (whole < tail.length) ftruncateSync(file, size - (tail.length - whole));
  return readLastLine(file);
}

function readLastLine(file: number): LastLine | undefined {
  const tail = readTail(file, fstatSync(file).size);
  if (tail.length === 0) return undefined;
  const line = tail.subarray(tail.lastIndexOf(0x0a, -2) + 1);
  return { sequence: sequenceOf(line) ?? 0, hash: hashOf(line) };
}

function readTail(file: number, size: number): Buffer {
  const tail = Buffer.alloc(Math.min(size, 2 * ENTRY_BYTES));
  readSync(file, tail, 0, tail.length, size - tail.length);
  return tail;
}

function firstSequence(path: string): number | undefined {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(ENTRY_BYTES);
    const length = readSync(file, head, 0, head.length, 0);
    return sequenceOf(head.subarray(0, head.subarray(0, length).indexOf(0x0a)));
  } finally {
    closeSync(file);
  }
}

function sequenceOf(line: Buffer): number | undefined {
  try {
    const { sequence } = JSON.parse(line.toString('utf8')) as { sequence?: unknown };
    return Number.isSafeInteger(sequence) ? (sequence as number) : undefined;
  } catch {
    return undefined;
  }
}

function fullName(sequence: number): string {
  return `audit-${String(sequence).padStart(12, '0')}.jsonl`;
}

function hashOf(line: Buffer): string {
  return createHash('sha256').update(line).digest('hex');
}

function bounded(value: string | number | boolean): string | number | boolean {
  return typeof value === 'string' ? text(value) : value;
}

function text(value: string): string {
  return sendableText(value, TEXT_BYTES);
}
