import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { sendableText } from './format/sendable-text.js';

/** The gRPC status codes that Onescan uses, by name. */
export type ErrorCode = Exclude<keyof typeof status, 'OK'>;

/** Machine-readable facts about an error; sent to the peer, so never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** Trailer that carries {@link ErrorDetails} as JSON. */
const DETAILS_TRAILER = 'onescan-error-details';

/**
 * Most bytes, percent-encoded, of a message, and of its remedy with its details: HTTP/2 peers take some 16 KB of
 * headers, and drop the whole connection for more.
 */
const MAX_SENT_BYTES = 2_048;
/** Of one detail, in bytes: a hash or a name, not a document. */
const MAX_DETAIL_BYTES = 256;

/**
 * The one error type of Onescan. `message` names the thing that is wrong, `remedy` says what to do;
 * `cause` stays in the process and is never sent to a peer.
 */
export class OnescanError extends Error {
  override readonly name = 'OnescanError';
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy ?? '';
    this.details = options.details ?? {};
  }

  /** The message and the remedy as one text for people. */
  get text(): string {
    return this.remedy ? `${this.message}. ${this.remedy}` : this.message;
  }

  /**
   * Turns anything thrown into an OnescanError: gRPC errors keep their code and details, aborts become
   * CANCELLED, timeouts DEADLINE_EXCEEDED, a full disk RESOURCE_EXHAUSTED, a read-only one
   * FAILED_PRECONDITION, the rest `fallback`.
   */
  static from(thrown: unknown, fallback: ErrorCode = 'INTERNAL'): OnescanError {
    if (thrown instanceof OnescanError) return thrown;
    if (isServiceError(thrown)) return fromServiceError(thrown);
    if (thrown instanceof Error && thrown.name === 'AbortError') {
      return new OnescanError('CANCELLED', 'the operation was cancelled', { cause: thrown });
    }
    if (thrown instanceof Error && thrown.name === 'TimeoutError') {
      return new OnescanError('DEADLINE_EXCEEDED', thrown.message, { cause: thrown });
    }
    const message = messageOf(thrown);
    return storageError(message, thrown) ?? new OnescanError(fallback, message, { cause: thrown });
  }

  /**
   * The form in which grpc-js servers send an error, whatever it was made of: well-formed text without control
   * characters, cut to {@link MAX_SENT_BYTES} each for the message and for remedy and details.
   */
  toServiceError(): Pick<ServiceError, 'code' | 'details' | 'metadata'> & Error {
    const metadata = new Metadata();
    metadata.set(DETAILS_TRAILER, sentDetails(this));
    const message = sendableText(this.message, MAX_SENT_BYTES) || this.code;
    // Not OK, nor what is none of the codes: the call would seem to have succeeded.
    const known: unknown = status[this.code];
    const code = typeof known === 'number' && known !== status.OK ? known : status.INTERNAL;
    return Object.assign(new Error(message), { code, details: message, metadata });
  }
}

/** Remedy and details as they travel; details that are too many or too long are cut, the first ones stay. */
function sentDetails({ remedy, details }: OnescanError): string {
  const sent: Record<string, string | number | boolean> = {
    remedy: sendableText(remedy, MAX_SENT_BYTES / 2),
  };
  let encoded = encodeURIComponent(JSON.stringify(sent));
  for (const [name, value] of Object.entries(details)) {
    sent[sendableText(name, MAX_DETAIL_BYTES)] =
      typeof value === 'string' ? sendableText(value, MAX_DETAIL_BYTES) : value;
    const longer = encodeURIComponent(JSON.stringify(sent));
    if (longer.length > MAX_SENT_BYTES) break;
    encoded = longer;
  }
  return encoded;
}

/**
 * Never empty, whatever was thrown: an error without words, as DuckDB throws some, at least has a name, and what
 * cannot be made a text is said to be that.
 */
function messageOf(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown ?? '').trim() || 'an error without a message';
    return String(thrown.message).trim() || `${thrown.name} without a message`;
  } catch {
    return 'an error whose message cannot be read';
  }
}

/** Detail by which a full disk is told from other things that are exhausted, over the network too. */
const DISK_DETAIL = { exhausted: 'disk' } as const;

/** An error that says that there is no room on a disk. */
export function diskFull(message: string, options: { remedy: string; cause?: unknown }): OnescanError {
  return new OnescanError('RESOURCE_EXHAUSTED', message, { ...options, details: DISK_DETAIL });
}

export function isDiskFull(error: OnescanError): boolean {
  return error.code === 'RESOURCE_EXHAUSTED' && error.details.exhausted === DISK_DETAIL.exhausted;
}

/** What Node and DuckDB say when the disk is full or a quota is used up. */
const DISK_FULL = /\b(ENOSPC|EDQUOT|EFBIG)\b|no space left on device|disk quota exceeded|file too large/i;

/** What they say when nothing may be written. */
const NOT_WRITABLE = /\b(EROFS|EACCES|EPERM)\b|read-only file system|permission denied/i;

function storageError(message: string, cause: unknown): OnescanError | undefined {
  if (DISK_FULL.test(message)) {
    const remedy = 'Free space on the disk, or give another folder';
    return diskFull(`the disk is full: ${message}`, { remedy, cause });
  }
  if (NOT_WRITABLE.test(message)) {
    const remedy = 'Give a folder that this process may use';
    return new OnescanError('FAILED_PRECONDITION', `the file system refuses: ${message}`, { remedy, cause });
  }
  return undefined;
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return (
    thrown instanceof Error && 'code' in thrown && 'details' in thrown && typeof thrown.code === 'number'
  );
}

function fromServiceError(thrown: ServiceError): OnescanError {
  const name = status[thrown.code] as ErrorCode | undefined;
  const { remedy, ...details } = readDetails(thrown);
  const message = withoutEmptyParts(String(thrown.details)) || String(thrown.message || messageOf(thrown));
  return new OnescanError(name ?? 'UNKNOWN', message, {
    remedy: typeof remedy === 'string' ? remedy : '',
    details,
    cause: thrown,
  });
}

/** Without what grpc-js adds where it knows nothing: "Last error: undefined. Resolution note: ". */
function withoutEmptyParts(details: string): string {
  return details
    .replace(/\.? ?Last error: (undefined|null)(?=\.|$)/g, '')
    .replace(/\.? ?Resolution note: *$/, '')
    .trim();
}

function readDetails(thrown: ServiceError): Record<string, string | number | boolean> {
  const sent = thrown.metadata?.get(DETAILS_TRAILER)[0];
  if (typeof sent !== 'string') return {};
  try {
    return JSON.parse(decodeURIComponent(sent)) as Record<string, string | number | boolean>;
  } catch {
    return {};
  }
}
