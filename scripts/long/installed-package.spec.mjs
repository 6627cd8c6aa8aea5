import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { packageTarball } from '../release/package-tarball.mjs';
import { tryPackage } from '../release/try-package.mjs';
import { ROOT } from '../workspace.mjs';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const out = mkdtempSync(join(tmpdir(), 'onescan-tarball-'));

afterAll(() => rmSync(out, { recursive: true, force: true }));

const hasRegistry = spawnSync('npm', ['view', 'zod', 'version'], { encoding: 'utf8' }).status === 0;

it.skipIf(!hasRegistry)('the tarball installs in an empty folder and works there (needs a registry)', () => {
  const tarball = packageTarball({ root: ROOT, commit: COMMIT, out });
  tryPackage({ tarball, version: `${version} (0123456789ab)` });
});

it('is the same bytes when it is packed again', () => {
  const sums = [1, 2].map((time) => {
    const tarball = packageTarball({ root: ROOT, commit: COMMIT, out: join(out, `${time}`) });
    return execFileSync('sha256sum', [tarball], { encoding: 'utf8' }).split(' ')[0];
  });
  expect(sums[0]).toBe(sums[1]);
});
