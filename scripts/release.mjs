// Makes releases; docs/install.md says in which order.
//   node scripts/release.mjs prepare VERSION                  writes versions and CHANGELOG.md, commits nothing
//   node scripts/release.mjs check [--nodes 20,22,24] [--out dist]  builds, packs and tries the commit that is checked out
//   node scripts/release.mjs notes VERSION                    what CHANGELOG.md says of it
import '../libs/cli/bin/require-node.mjs';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { releaseChangelog, sectionOf } from './release/changelog.mjs';
import { checkRelease } from './release/check-release.mjs';
import { setVersion } from './release/set-version.mjs';
import { ROOT } from './workspace.mjs';

const CHANGELOG = join(ROOT, 'CHANGELOG.md');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: 'string', default: '20,22,24' },
    out: { type: 'string', default: 'dist' },
  },
});
const [verb, version = ''] = positionals;

const VERBS = {
  prepare() {
    const changed = execFileSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' });
    if (changed) throw new Error(`commit or remove first:\n${changed}`);
    const text = releaseChangelog(
      readFileSync(CHANGELOG, 'utf8'),
      version,
      new Date().toISOString().slice(0, 10),
    );
    setVersion(ROOT, version);
    writeFileSync(CHANGELOG, text);
    console.log(
      `Versions and CHANGELOG.md say ${version}. Look at them, run npm test, commit, tag v${version}.`,
    );
  },
  check() {
    const nodes = values.nodes.split(',').map(Number);
    const { tarball } = checkRelease({ root: ROOT, out: resolve(values.out), nodes, say: console.error });
    console.log(tarball);
  },
  notes() {
    const text = sectionOf(readFileSync(CHANGELOG, 'utf8'), version);
    if (text === '') throw new Error(`CHANGELOG.md says nothing of ${version}`);
    console.log(text);
  },
};

try {
  if (!Object.hasOwn(VERBS, verb ?? ''))
    throw new Error('say what to do: prepare VERSION, check, or notes VERSION');
  VERBS[verb]();
} catch (thrown) {
  console.error(thrown.message);
  process.exitCode = 1;
}
