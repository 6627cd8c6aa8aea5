import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endpointPath, readEndpoint, removeEndpoint, writeEndpoint } from './endpoint-file.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'onescan-endpoint-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const ENDPOINT = {
  coordinator: '127.0.0.1:1',
  fetcher: '127.0.0.1:2',
  warehouse: '/w',
  services: { fetcher: 11, coordinator: 12, 'trainer-1': 13 },
  pid: process.pid,
  startedAt: '2026-03-01T00:00:00Z',
};

it('reads what was written, and nothing once it is removed', () => {
  expect(readEndpoint(home)).toBeUndefined();
  writeEndpoint(home, ENDPOINT);
  expect(readEndpoint(home)).toEqual(ENDPOINT);
  removeEndpoint(home);
  expect(readEndpoint(home)).toBeUndefined();
});

it('ignores a file whose process is gone', () => {
  // Process ids end below 2^22 on Linux and far below this elsewhere.
  writeEndpoint(home, { ...ENDPOINT, pid: 2 ** 30 });
  expect(readEndpoint(home)).toBeUndefined();
});

it('refuses a file that is something else', () => {
  writeFileSync(endpointPath(home), '{"coordinator":');
  expect(() => readEndpoint(home)).toThrow('is not an endpoint file');
});
