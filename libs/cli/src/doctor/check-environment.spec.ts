import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openFilesLimit } from '../../bin/open-files.mjs';
import {
  checkHome,
  checkOpenFiles,
  checkPackages,
  checkProxies,
  checkTemporaryFolder,
} from './check-environment.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-doctor-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('fails where too few files may be open, and says how to allow more', () => {
  expect(checkOpenFiles(256)).toMatchObject({ result: 'ok', found: '256 a process', remedy: '' });
  expect(checkOpenFiles(Number.POSITIVE_INFINITY).result).toBe('ok');
  expect(checkOpenFiles(64)).toMatchObject({
    result: 'FAILED',
    remedy: expect.stringContaining('ulimit -n') as string,
  });
});

it.each([
  ['Max open files            256                  4096                 files', 256],
  ['Max open files            unlimited            unlimited            files', Number.POSITIVE_INFINITY],
  ['something else', Number.POSITIVE_INFINITY],
])('reads the limit from "%s"', (line, limit) => {
  const path = join(folder, 'limits');
  writeFileSync(path, `Limit                     Soft Limit           Hard Limit           Units\n${line}\n`);
  expect(openFilesLimit(path)).toBe(limit);
  expect(openFilesLimit(join(folder, 'none'))).toBe(Number.POSITIVE_INFINITY);
});

it('names packages that are missing', () => {
  expect(checkPackages([]).result).toBe('ok');
  expect(checkPackages(['a', '@x/native', 'c', 'd', 'e'])).toMatchObject({
    result: 'FAILED',
    found: 'missing or changed: a, @x/native, c, and 2 more',
    remedy: 'run: npm run setup',
  });
});

it('names the proxies that are set, in any case', () => {
  expect(checkProxies({ http_proxy: '', PATH: '/bin' }).found).toBe('none');
  expect(checkProxies({ http_proxy: 'x', ALL_PROXY: 'y', no_proxy: 'z' }).found).toMatch(
    /^ALL_PROXY, http_proxy:/,
  );
});

it('looks whether temporary files can be written', async () => {
  vi.stubEnv('TMPDIR', folder);
  expect((await checkTemporaryFolder()).found).toContain(folder);
  vi.stubEnv('TMPDIR', join(folder, 'none'));
  expect(await checkTemporaryFolder()).toMatchObject({
    result: 'FAILED',
    found: expect.stringContaining('there is no such folder') as string,
    remedy: expect.stringContaining('TMPDIR') as string,
  });
});

it('judges the home folder as the stack will', () => {
  expect(checkHome(join(folder, 'not', 'yet')).result).toBe('ok');
  expect(checkHome(join(folder, 'what?'))).toMatchObject({ result: 'FAILED' });
  writeFileSync(join(folder, 'file'), '');
  expect(checkHome(join(folder, 'file'))).toMatchObject({ result: 'FAILED' });
});
