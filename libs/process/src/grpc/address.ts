import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Bytes of the path of a Unix socket that every system takes (macOS: 104 with the final zero). */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Where a service listens or is reached. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Reads "host:port" or "unix:/path/to.sock".
 *
 * @param name what messages call it, e.g. `--listen`
 * @throws OnescanError INVALID_ARGUMENT
 */
export function parseAddress(name: string, text: string): Address {
  if (text.startsWith('unix:')) return unixAddress(name, text.replace(/^unix:(\/\/(?=\/))?/, ''));
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2] ?? Number.NaN);
  if (match?.[1] && port <= 65_535) return { kind: 'tcp', host: match[1], port };
  throw new OnescanError('INVALID_ARGUMENT', `${name} "${text.slice(0, 200)}" is not an address`, {
    remedy: 'Give host:port, e.g. 127.0.0.1:7400, or unix:/path/to.sock',
  });
}

function unixAddress(name: string, path: string): Address {
  const bytes = Buffer.byteLength(path);
  if (path.startsWith('/') && bytes <= MAX_SOCKET_PATH_BYTES) return { kind: 'unix', path };
  const why = path.startsWith('/')
    ? `has ${bytes} bytes, at most ${MAX_SOCKET_PATH_BYTES} fit`
    : 'does not begin with a slash';
  throw new OnescanError('INVALID_ARGUMENT', `${name}: the path of the socket ${why}`, {
    remedy: 'Give unix: and the whole path of a socket in a folder of yours',
  });
}
