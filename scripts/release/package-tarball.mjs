import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagePackage } from './stage-package.mjs';

/**
 * Packs onescan-VERSION.tgz: the same bytes whenever and wherever the same build is packed by the same npm.
 *
 * @returns {string} path of the tarball
 */
export function packageTarball({ root, commit, out }) {
  const scratch = mkdtempSync(join(tmpdir(), 'onescan-pack-'));
  try {
    const folder = join(scratch, 'onescan');
    stagePackage({ root, folder, commit });
    mkdirSync(out, { recursive: true });
    const flags = ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', out];
    const [{ filename }] = JSON.parse(
      execFileSync('npm', flags, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 }),
    );
    return join(out, filename);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
