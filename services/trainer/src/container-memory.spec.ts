import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type ControlGroup, createControlGroup } from './testing/control-group.js';
import { ScriptedHub } from './testing/scripted-hub.js';
import { testAssignment } from './testing/test-assignment.js';
import { writeTestDataset } from './testing/test-dataset.js';
import { killProcess, startTrainerProcess } from './testing/trainer-process.js';

const MIB = 1024 ** 2;
const LIMIT = 512 * MIB;
/** The neighbour in the container grows by so much every so often. */
const STEP_MIB = 5;
const STEP_MS = 50;

const group: ControlGroup | undefined = createControlGroup(LIMIT);
if (!group) console.warn('skipped: a trainer in a container, for want of permission to make a control group');

const folder = mkdtempSync(join(tmpdir(), 'onescan-container-'));
const children: ChildProcess[] = [];
let hub: ScriptedHub | undefined;

afterEach(async () => {
  for (const child of children) await killProcess(child);
  await hub?.stop();
  group?.remove();
  rmSync(folder, { recursive: true });
});

test.skipIf(!group)('a trainer in a container', async () => {
  hub = await ScriptedHub.start();
  const path = join(folder, 'pair.duckdb');
  await writeTestDataset(path);
  children.push(startTrainerProcess(hub.address, ['--memory-limit', '8GiB'], { prefix: group!.prefix }));
  const register = await hub.next('register');
  expect(register.memoryLimitBytes, 'the limit of the container, though the flag says more').toBe(
    BigInt(LIMIT),
  );

  await crowdUntil(() => hub!.of('heartbeat').at(-1)?.memoryLevel === 'pause');
  const { dataset, ...rest } = testAssignment();
  hub.send({
    $case: 'assign',
    value: { ...rest, dataset: { ...dataset, datasetId: 'test-dataset', path, rows: 2000 } },
  });
  const failure = await hub.next('failure');
  expect(failure.message).toMatch(/no memory for a new task: .* MiB of 512 MiB in the container \(\d\d %\)/);
  expect(group!.killed(), 'the kernel had to kill').toBe(false);
});

/** Another process of the container takes more and more of its memory until `enough`. */
async function crowdUntil(enough: () => boolean): Promise<void> {
  const program = `const kept = []; process.stdin.on('data', () => kept.push(Buffer.alloc(${STEP_MIB * MIB}, 1)));`;
  const [command, ...args] = [...group!.prefix, process.execPath, '-e', program];
  const child = spawn(command!, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  children.push(child);
  while (!enough()) {
    child.stdin.write('more');
    await sleep(STEP_MS);
  }
}
