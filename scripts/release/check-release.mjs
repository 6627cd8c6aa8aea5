import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { nodeOf } from './node-of.mjs';
import { tryPackage } from './try-package.mjs';

const SHOWN = 12;

/**
 * Builds the commit that is checked out in a clone of its own, packs it twice, installs the tarball in empty folders
 * under several versions of Node and uses it there. Writes the tarball and SHA256SUMS.
 *
 * @param {object} options
 * @param {string} options.root folder of the checkout
 * @param {string} options.out folder for what was made
 * @param {number[]} options.nodes major versions; one that cannot be had is skipped and named
 * @param {(line: string) => void} options.say
 * @returns {{tarball: string, skipped: number[]}}
 */
export function checkRelease({ root, out, nodes, say }) {
  const scratch = mkdtempSync(join(tmpdir(), 'onescan-release-'));
  try {
    const clone = join(scratch, 'checkout');
    const commit = run(root, 'git', ['rev-parse', 'HEAD']).trim();
    say(`building ${commit.slice(0, SHOWN)} in a clone of its own`);
    run(root, 'git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
    run(clone, 'git', ['checkout', '--quiet', '--detach', commit]);
    run(clone, process.execPath, ['scripts/setup.mjs']);
    const [tarball, again] = ['first', 'second'].map((name) =>
      run(clone, process.execPath, ['scripts/pack.mjs', '--out', join(scratch, name)]).trim(),
    );
    const sum = sha256(tarball);
    if (sum !== sha256(again)) throw new Error('packed twice, the tarball has other bytes');
    say(`${basename(tarball)}: ${sum}, the same when packed again`);
    const { version } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
    const skipped = nodes.filter((major) => {
      const node = nodeOf(major);
      say('path' in node ? `Node ${node.version}:` : `Node ${major}: SKIPPED, ${node.reason}`);
      if (!('path' in node)) return true;
      const said = `${version} (${commit.slice(0, SHOWN)})`;
      tryPackage({ tarball, version: said, node: node.path, onCommand: (command) => say(`  ${command}`) });
      return false;
    });
    mkdirSync(out, { recursive: true });
    const kept = join(out, basename(tarball));
    cpSync(tarball, kept);
    writeFileSync(join(out, 'SHA256SUMS'), `${sum}  ${basename(tarball)}\n`);
    return { tarball: kept, skipped };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Output of a program; its stderr goes where ours goes. */
function run(cwd, command, args) {
  const env = { ...process.env, NX_WORKSPACE_ROOT_PATH: '' };
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
