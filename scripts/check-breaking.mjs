import { join } from 'node:path';
import { runPackage } from './run-command.mjs';
import { ROOT } from './workspace.mjs';

/** The messages and services of the last release; `npm run release:protos` writes it when one is made. */
const RELEASED = 'proto/released.binpb';

/**
 * Tells what in proto/ breaks peers of the last release, or files that they wrote; true when nothing does.
 *
 * @param root folder with buf.yaml and proto/
 */
export async function checkBreaking(root = ROOT) {
  const args = ['breaking', '--against', join(ROOT, RELEASED)];
  return (await runPackage('@bufbuild/buf/bin/buf', args, { cwd: root })) === 0;
}
