import { createHash } from 'node:crypto';

/**
 * JSON with one possible text for a value: keys sorted by code unit, no spaces, `undefined` members
 * dropped, bigint as a decimal string, numbers as ECMAScript writes them (compare RFC 8785).
 *
 * @throws TypeError on NaN, infinities, functions and symbols, naming the path
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function write(value: unknown, path: string): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'bigint':
      return `"${value}"`;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value} at ${path}`);
      return JSON.stringify(value);
    case 'object':
      return writeObject(value, path);
    default:
      throw new TypeError(`canonical JSON cannot hold a ${typeof value} at ${path}`);
  }
}

function writeObject(value: object | null, path: string): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map((item, i) => write(item, `${path}[${i}]`)).join(',')}]`;
  if (ArrayBuffer.isView(value)) throw new TypeError(`canonical JSON cannot hold a typed array at ${path}`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}:${write(member, `${path}.${key}`)}`);
  return `{${members.join(',')}}`;
}
