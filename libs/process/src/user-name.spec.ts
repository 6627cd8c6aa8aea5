import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { userName } from './user-name.js';

const NOBODY = 54_321;

it('is the name of the user', () => {
  expect(userName()).toBe(userInfo().username);
});

it.skipIf(process.getuid?.() !== 0)('is the number of a user without a name (needs root)', () => {
  const own = new URL('../dist/user-name.js', import.meta.url).href;
  const script = `import(${JSON.stringify(own)}).then(({ userName }) => process.stdout.write(userName()))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { uid: NOBODY, encoding: 'utf8' });
  expect(stdout, stderr).toBe(`user ${NOBODY}`);
});
