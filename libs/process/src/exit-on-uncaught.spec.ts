import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const built = (name: string): string => new URL(`../dist/${name}`, import.meta.url).href;

it.each([
  ['uncaughtException', "setTimeout(() => { throw new TypeError('resp is a string'); });"],
  ['unhandledRejection', "Promise.reject(new TypeError('resp is a string'));"],
  ['unhandledRejection', "Promise.reject('resp is a string');"],
])('ends the process with one line of the log: %s of %s', (origin, statement) => {
  const script = `
    import { exitOnUncaught } from '${built('exit-on-uncaught.js')}';
    import { createLog } from '${built('log.js')}';
    exitOnUncaught(createLog('fetcher'));
    setInterval(() => undefined, 1000);
    ${statement}`;
  const args = ['--input-type=module', '--eval', script];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  const lines = stderr
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  expect(lines).toHaveLength(1);
  const logged = JSON.parse(lines[0]!) as object;
  expect(logged).toMatchObject({ level: 60, name: 'fetcher', origin });
  expect(logged).toMatchObject({ reason: expect.stringContaining('resp is a string') });
  expect(status).toBe(5);
});
