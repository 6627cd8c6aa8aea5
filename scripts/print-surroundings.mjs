// Prints what tests find outside of the checkout, as an input of Nx's cache: the Node that runs them, programs that some
// of them need, and the files of the next folder `shared` beside the checkout or above it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './workspace.mjs';

console.log(process.version, process.platform, process.arch);
for (const program of ['python3', 'git', 'bash']) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  console.log(program, status === 0 ? stdout.split('\n')[0] : 'missing');
}
for (let folder = dirname(ROOT); dirname(folder) !== folder; folder = dirname(folder)) {
  const shared = join(folder, 'shared');
  if (!existsSync(shared)) continue;
  for (const name of readdirSync(shared, { recursive: true }).sort()) {
    const { size, mtimeMs } = statSync(join(shared, name));
    console.log(name, size, mtimeMs);
  }
  break;
}
