import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { reasonMeanings } from '@onescan/contract/reasons/reason.js';

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** Of its bytes: a browser that has it is told so. */
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** Formats of figures that the page shares with the command and the report. */
const FORMATS = ['bytes', 'count', 'duration', 'percent', 'shown-text', 'unknown', 'usd'];

/** Style sheet, start and picture, which no compiler makes; beside `src`, as `dist` is. */
const STATIC = new URL('../../static/', import.meta.url);

/** What the compiler makes of `src/browser`. */
const SCRIPTS = new URL('../../dist/browser/', import.meta.url);

/**
 * Every file that the page loads, by its path, read once: nothing else of the disk can be asked for.
 *
 * @throws Error when the package is not built
 */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  const add = (path: string, body: Buffer): unknown =>
    files.set(path, {
      type: TYPES[extname(path) || '.html']!,
      body,
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    });
  add('/', readFileSync(new URL('page.html', STATIC)));
  for (const name of ['page.css', 'icon.svg']) add(`/${name}`, readFileSync(new URL(name, STATIC)));
  for (const name of readdirSync(SCRIPTS)) {
    if (name.endsWith('.js')) add(`/app/${name}`, readFileSync(new URL(name, SCRIPTS)));
  }
  add('/lib/preact.js', withoutMap(readModule('preact')));
  for (const name of FORMATS) {
    add(`/lib/format/${name}.js`, withoutMap(readModule(`@onescan/contract/format/${name}.js`)));
  }
  add('/lib/reasons.json', Buffer.from(JSON.stringify(reasonMeanings())));
  return files;
}

function readModule(name: string): Buffer {
  return readFileSync(new URL(import.meta.resolve(name)));
}

/** Maps are not served. */
function withoutMap(body: Buffer): Buffer {
  return Buffer.from(body.toString('utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
}
