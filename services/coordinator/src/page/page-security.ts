import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { isLoopbackHost } from '@onescan/process/grpc/loopback.js';
import type { ServerTls } from '@onescan/process/grpc/tls/server-tls.js';

/** Nothing but the page's own files, and nobody may frame it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/**
 * A report is a page of its own without an origin: whatever it held, it could neither ask this server nor read what the
 * page keeps. Dialogs are allowed because printing is one. Beside this its own policy counts, which knows its style sheet by its hash.
 */
const REPORT_POLICY =
  "sandbox allow-scripts allow-modals; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const EVERYWHERE: OutgoingHttpHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

/** Headers of every answer but reports. */
export const PAGE_HEADERS: OutgoingHttpHeaders = { ...EVERYWHERE, 'content-security-policy': PAGE_POLICY };

/** Headers of a report. */
export const REPORT_HEADERS: OutgoingHttpHeaders = {
  ...EVERYWHERE,
  'content-security-policy': REPORT_POLICY,
};

/** Where the page is served. */
export interface PageOrigin {
  /** As it was asked for, without brackets of IPv6 or with them. */
  readonly host: string;
  readonly port: number;
  /** Beyond this machine. */
  readonly tls: Pick<ServerTls, 'isFor'> | undefined;
}

/**
 * True when a request names this server by one of its own names: one that a foreign name leads here (DNS rebinding)
 * does not.
 */
export function isOwnHost({ host: served, port, tls }: PageOrigin, host: string | undefined): boolean {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(host ?? '');
  if (!match) return false;
  const [, name = '', given] = match;
  if (Number(given ?? (tls ? 443 : 80)) !== port) return false;
  if (tls) return tls.isFor(name);
  return name === served || isLoopbackHost(name) || name.toLowerCase() === 'localhost';
}

/** True when a request was made by this server's own page: browsers say where from, and pages cannot change that. */
export function isFromOwnPage(origin: PageOrigin, headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return headers.origin === `${origin.tls ? 'https' : 'http'}://${headers.host ?? ''}`;
}
