// Makes the package that users install: node scripts/pack.mjs [--out DIR] [--commit HASH] [--stage-only DIR]
import '../libs/cli/bin/require-node.mjs';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageTarball } from './release/package-tarball.mjs';
import { stagePackage } from './release/stage-package.mjs';
import { ROOT } from './workspace.mjs';

const { values } = parseArgs({
  options: {
    /** Folder of the tarball. */
    out: { type: 'string', default: 'dist' },
    /** What is packed was made of this commit, by default of the one that is checked out; "none" where none is known. */
    commit: { type: 'string' },
    /** Instead of a tarball, a folder that runs as it is, with the packages of others: what images are made of. */
    'stage-only': { type: 'string' },
  },
});

const commit =
  values.commit ?? execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
const made = { root: ROOT, ...(commit === 'none' ? {} : { commit }) };
if (values['stage-only']) {
  const folder = resolve(values['stage-only']);
  stagePackage({ ...made, folder, withDependencies: true });
  console.log(folder);
} else {
  console.log(packageTarball({ ...made, out: resolve(values.out) }));
}
