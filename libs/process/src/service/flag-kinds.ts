import { resolve } from 'node:path';
import { formatBytes, parseBytes } from '@onescan/contract/format/bytes.js';
import { parseAddress } from '../grpc/address.js';
import { resolveDatabaseFolder } from '../local-path.js';

/** How the text of a flag becomes a value. */
export interface FlagKind<T> {
  /** Stands for the value in help, e.g. "HOST:PORT"; empty for a switch, which has none. */
  readonly value: string;
  /** What is allowed, as an error ends: "Give ...". */
  readonly allowed: string;
  /**
   * The value; undefined when the text is not allowed.
   *
   * @param flag with its dashes, for messages
   * @throws OnescanError INVALID_ARGUMENT where more can be said than that
   */
  read(text: string, flag: string): T | undefined;
  /**
   * Looks at the machine, before the process does anything else.
   *
   * @throws OnescanError when the value cannot be used here
   */
  check?(value: T, flag: string): void;
}

/** A whole number within bounds, both allowed. */
export function wholeNumber(min: number, max: number): FlagKind<number> {
  return {
    value: 'N',
    allowed: `a whole number from ${min} to ${max}`,
    read: (text) => (/^(0|[1-9]\d{0,14})$/.test(text) ? within(Number(text), min, max) : undefined),
  };
}

/** An amount of dollars within bounds, with at most six decimals. */
export function dollars(min: number, max: number): FlagKind<number> {
  return {
    value: 'USD',
    allowed: `an amount of dollars from ${min} to ${max}, e.g. 5 or 0.50`,
    read: (text) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) ? within(Number(text), min, max) : undefined),
  };
}

/** An amount of memory in bytes, not less than `min`. */
export function memory(min: number): FlagKind<number> {
  return {
    value: 'SIZE',
    allowed: `bytes or e.g. 8GiB, 512MiB, at least ${formatBytes(min)}`,
    read: (text) => within(parseBytes(text), min, Number.MAX_SAFE_INTEGER),
  };
}

/** One of some words. */
export function choice<T extends string>(...words: readonly T[]): FlagKind<T> {
  return {
    value: words.join('|'),
    allowed: words.join(' or '),
    read: (text) => words.find((word) => word === text),
  };
}

/** A text of a pattern. */
export function textOf(pattern: RegExp, value: string, allowed: string): FlagKind<string> {
  return { value, allowed, read: (text) => (pattern.test(text) ? text : undefined) };
}

/** An address to listen on, where port 0 chooses a free one. */
export const LISTEN_ADDRESS: FlagKind<string> = {
  value: 'HOST:PORT',
  allowed: 'host:port, e.g. 127.0.0.1:7400, or unix:/path/to.sock',
  read: (text, flag) => {
    parseAddress(flag, text);
    return text;
  },
};

/** The address of another service, which has a port of its own. */
export const PEER_ADDRESS: FlagKind<string> = {
  value: 'HOST:PORT',
  allowed: 'the address that the service announced, e.g. 127.0.0.1:7400 or unix:/path/to.sock',
  read: (text, flag) => {
    const address = parseAddress(flag, text);
    return address.kind === 'tcp' && address.port === 0 ? undefined : text;
  },
};

/** An address that people open in a browser. */
export const WEB_ADDRESS: FlagKind<string> = {
  value: 'URL',
  allowed: 'an address that begins with http:// or https://',
  read: (text) => (/^https?:\/\/[^\s"'<>\\]{1,500}$/.test(text) && URL.canParse(text) ? text : undefined),
};

/** A file of any kind; the value is its absolute path. */
export const FILE: FlagKind<string> = {
  value: 'FILE',
  allowed: 'the path of a file',
  read: (text) => (text.trim() === '' ? undefined : resolve(text)),
};

/** A folder in which databases are written, made when it is missing; the value is its absolute path. */
export const DATABASE_FOLDER: FlagKind<string> = {
  value: 'FOLDER',
  allowed: 'the path of a folder',
  read: (text) => (text.trim() === '' ? undefined : resolve(text)),
  check: (value, name) => void resolveDatabaseFolder({ name, value, cwd: process.cwd() }),
};

/** A flag without a value: true when it is given. */
export const SWITCH: FlagKind<true> = { value: '', allowed: 'it without a value', read: () => true };

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}
