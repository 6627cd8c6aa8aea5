import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { describeEnd } from './describe-end.js';
import { DEFAULT_RESTARTS } from './restart-policy.js';
import { ServiceProcess } from './service-process.js';
import { type ServiceEnd, SupervisedService } from './supervised-service.js';

const LIMITS = { ...DEFAULT_RESTARTS, most: 2, firstWaitMs: 50 };
const PATIENCE = { timeout: 60_000 };

let folder: string;
let service: SupervisedService | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-supervised-'));
});
afterEach(async () => {
  await service?.stop(0);
  service = undefined;
  rmSync(folder, { recursive: true });
});

/** Every process writes its id into a file; flags of each are kept. */
function supervised(code: string, announces = true) {
  const entry = join(folder, 'service.mjs');
  const ids = join(folder, 'ids');
  writeFileSync(ids, '');
  writeFileSync(entry, `import { appendFileSync } from 'node:fs';\n`);
  appendFileSync(entry, `appendFileSync(${JSON.stringify(ids)}, process.pid + '\\n');\n${code}\n`);
  const listenedBefore: (string | undefined)[] = [];
  const ends: ServiceEnd[] = [];
  service = new SupervisedService({
    name: 'fetcher',
    announces,
    start: (before) => {
      listenedBefore.push(before?.address);
      return new ServiceProcess({ name: 'fetcher', entry, args: [], logPath: join(folder, 'fetcher.log') });
    },
  });
  const started = vi.fn();
  return {
    service,
    ends,
    listenedBefore,
    started,
    over: service.supervise(LIMITS, { onEnd: (end) => ends.push(end), onStart: started }),
    pids: () => readFileSync(ids, 'utf8').split('\n').filter(Boolean).map(Number),
  };
}

const ANNOUNCE = `console.log(JSON.stringify({ event: 'listening', service: 'x', address: '127.0.0.1:7' }));`;
const STAY = 'setInterval(() => {}, 1000);';

it('starts a killed process again where it listened, and gives it up after the restarts that are allowed', async () => {
  const { service: running, ends, listenedBefore, over, pids } = supervised(`${ANNOUNCE} ${STAY}`);
  await running.announcement();
  for (const kills of [1, 2, 3]) {
    await vi.waitUntil(() => pids().length === kills, PATIENCE);
    process.kill(pids().at(-1)!, 'SIGKILL');
    await vi.waitUntil(() => ends.length === kills, PATIENCE);
  }
  await over;
  expect(listenedBefore).toEqual([undefined, '127.0.0.1:7', '127.0.0.1:7']);
  expect(ends.map(({ how, restarts, restartInMs }) => [how, restarts, restartInMs])).toEqual([
    ['signal SIGKILL', 1, 50],
    ['signal SIGKILL', 2, 100],
    ['signal SIGKILL', 2, undefined],
  ]);
  expect(running).toMatchObject({ state: 'given up', restarts: 2, lastEnd: { how: 'signal SIGKILL' } });
});

it('one whose announcement is read after its end is not taken for running', async () => {
  const late = `sleep 0.2; echo '{"event":"listening","service":"x","address":"127.0.0.1:7"}'`;
  const { service: ended, over } = supervised(`
    import { spawn } from 'node:child_process';
    spawn('sh', ['-c', ${JSON.stringify(late)}], { stdio: ['ignore', 'inherit', 'ignore'], detached: true });
    process.exit(0);`);
  await over;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(ended).toMatchObject({ state: 'given up', restarts: 2 });
});

it('does not start again what refuses its flags', async () => {
  const { ends, over, pids } = supervised('process.exit(2);');
  await over;
  expect(pids()).toHaveLength(1);
  expect(ends).toMatchObject([{ how: 'exit code 2', restarts: 0 }]);
});

it('starts nothing again once it is stopped, neither while it runs nor while it waits', async () => {
  const { service: waiting, ends, started, over } = supervised('process.exit(0);', false);
  await vi.waitUntil(() => ends.length === 1, PATIENCE);
  await waiting.stop(0);
  await over;
  expect(started).not.toHaveBeenCalled();
  const { service: running, ends: ended, over: overToo, pids } = supervised(STAY, false);
  await vi.waitUntil(() => pids().length === 1, PATIENCE);
  await running.stop(10_000);
  await overToo;
  expect(ended).toEqual([]);
  expect(isProcessAlive(pids()[0]!)).toBe(false);
});

it('says what ended, how, what follows and where to look', () => {
  const end = { name: 'trainer-1', how: 'signal SIGKILL', clean: false, trainersLeft: 1, isOver: false };
  const terms = { limits: DEFAULT_RESTARTS, logs: '/l' };
  expect(describeEnd({ ...end, restartInMs: 2_000, restarts: 2 }, terms)).toEqual([
    'trainer-1 ended with signal SIGKILL (killed: by the kernel when memory ran out, or by a person); started again in 2 s (restart 2 of 5 in 10 min); its log: /l/trainer-1.log',
  ]);
  expect(describeEnd({ ...end, how: 'exit code 5', restarts: 5 }, terms)).toEqual([
    'trainer-1 ended with exit code 5, restarted 5 times within 10 min: GIVEN UP; its log: /l/trainer-1.log',
    'Going on with 1 trainer(s); onescan down and up start all anew.',
  ]);
});
