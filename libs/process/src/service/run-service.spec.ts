import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, it } from 'vitest';
import { readAnnouncement } from '../announce.js';

const DIST = new URL('../../dist/service/', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'onescan-service-'));
const main = join(folder, 'main.mjs');

/** A service that does what its flag --act says. */
writeFileSync(
  main,
  `import { choice, wholeNumber } from '${DIST}flag-kinds.js';
   import { runService } from '${DIST}run-service.js';
   import { readFlags } from '${DIST}flag-table.js';
   const busy = setInterval(() => undefined, 1000);
   await runService({
     name: 'thing',
     example: '--act serve',
     flags: {
       act: { kind: choice('serve', 'slow', 'hang', 'break', 'fail', 'end', 'stop'), default: 'serve', doc: 'what' },
       count: { kind: wholeNumber(1, 9), default: '1', doc: 'how often' },
     },
     require: ({ count }) => { if (count === 4) throw new Error('--count 4 is unlucky'); },
     start: async ({ act }, { fail }) => {
       if (act === 'slow') { console.error('starting'); await new Promise((done) => setTimeout(done, 1000)); }
       if (act === 'break') throw new Error('cannot start');
       if (act === 'fail') setTimeout(() => fail(new Error('cannot go on')), 10);
       let over;
       const ended = new Promise((resolve) => { over = resolve; });
       if (act === 'end') over();
       return {
         address: '127.0.0.1:7',
         stop: () => { if (act === 'stop') over(); return act === 'hang' ? new Promise(() => undefined) : undefined; },
         ...(act === 'end' || act === 'stop' ? { ended } : {}),
       };
     },
     instead: {
       flag: '--count-up',
       flags: {},
       run: async (args) => { readFlags('thing', {}, args.slice(1)); return { counted: 3 }; },
     },
   });`,
);

afterAll(() => rmSync(folder, { recursive: true }));

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const exit = child.exitCode === null ? once(child, 'exit') : [child.exitCode];
  const [[code], out, err] = await Promise.all([exit, text(child.stdout!), text(child.stderr!)]);
  return { code: code as number | null, out, err };
}

it('prints help and its version on stdout', async () => {
  const [help, version] = await Promise.all([ended(start('--help')), ended(start('--version'))]);
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('--count N                 how often (default: 1)');
  expect(help.out).toContain('ONESCAN_LOG_LEVEL');
  expect(help.out).toContain('example:\n  onescan serve thing --act serve\n');
  expect(version.out).toMatch(/^onescan-thing \d+\.\d+\.\d+/);
});

it.each([
  [['--count', '10'], '--count "10" is not allowed'],
  [['--count', '4'], '--count 4 is unlucky'],
  [['--nothing'], '--nothing'],
])('ends with 2 and names the flag: %j', async (args, reason) => {
  const { code, out, err } = await ended(start(...args));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(reason);
});

it('does something else where a switch says so', async () => {
  expect(await ended(start('--count-up'))).toEqual({ code: 0, out: '{"counted":3}\n', err: '' });
  expect(await ended(start('--count-up', '--more'))).toMatchObject({ code: 2, out: '' });
});

it.each([
  ['serve', 'SIGTERM'],
  ['stop', 'SIGINT'],
] as const)('announces itself and ends with 0 at the first signal: %s, %s', async (act, signal) => {
  const child = start('--act', act);
  expect(await readAnnouncement(child.stdout!)).toEqual({ service: 'thing', address: '127.0.0.1:7' });
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('ends in order at a signal that comes while it starts', async () => {
  const child = start('--act', 'slow');
  for await (const line of child.stderr!) if (String(line).includes('starting')) break;
  child.kill('SIGTERM');
  expect(await readAnnouncement(child.stdout!)).toMatchObject({ service: 'thing' });
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('ends with 130 at the second signal', async () => {
  const child = start('--act', 'hang');
  await readAnnouncement(child.stdout!);
  child.kill('SIGTERM');
  for await (const line of child.stderr!) if (String(line).includes('draining')) break;
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(130);
});

it.each([
  ['break', 5, 'cannot start'],
  ['fail', 5, 'cannot go on'],
  ['end', 0, ''],
])('ends by itself: %s', async (act, expected, reason) => {
  const { code, err } = await ended(start('--act', act));
  expect(code).toBe(expected);
  if (reason !== '') expect(JSON.parse(err.trim())).toMatchObject({ level: 60, reason });
});
