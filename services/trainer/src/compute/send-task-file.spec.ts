import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import { diskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedHub } from '../testing/scripted-hub.js';
import { classifyFailure } from './classify-failure.js';
import { sendTaskFile } from './send-task-file.js';

const CONTENT = Buffer.from('PAR1 as if');
const FILE = { sha256: sha256Hex(CONTENT), bytes: BigInt(CONTENT.length) };

let folder: string;
let hub: ScriptedHub;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-send-'));
  writeFileSync(join(folder, 'rows.parquet'), CONTENT);
  hub = await ScriptedHub.start();
});

afterEach(async () => {
  await hub.stop();
  rmSync(folder, { recursive: true });
});

/** With no patience for what may be the file's fault. */
function send(isCancelled = () => false): Promise<void> {
  const request = {
    runId: 'r1',
    pair: 'eurusd',
    horizon: 15,
    attempt: 1,
    leaseToken: 'token',
    coordinatorAddress: hub.address,
  };
  const path = join(folder, 'rows.parquet');
  return sendTaskFile({
    request,
    path,
    kind: TaskFileKind.TASK_FILE_KIND_EXPLANATION,
    file: FILE,
    isCancelled,
    patienceMs: 0,
  });
}

test.each([
  ['whose disk is full', diskFull('no room', { remedy: 'Free space' })],
  ['that is away', new OnescanError('UNAVAILABLE', 'restarting')],
])('a coordinator %s is waited for as long as it takes', async (_, error) => {
  hub.refuseFiles = 2;
  hub.refuseFilesWith = error;
  await send();
  expect(hub.files.map(({ content }) => content.toString())).toEqual([CONTENT.toString()]);
});

test('waiting ends when the task is cancelled', async () => {
  hub.refuseFiles = 9;
  hub.refuseFilesWith = diskFull('no room', { remedy: 'Free space' });
  const thrown = await send(() => hub.refuseFiles < 8).catch((error: unknown) => error);
  expect(classifyFailure(thrown)).toMatchObject({ failure: 'CANCELLED' });
});

test.each(['RESOURCE_EXHAUSTED', 'DATA_LOSS', 'INTERNAL'] as const)(
  "a coordinator's %s is neither this trainer's memory nor the dataset",
  async (code) => {
    hub.refuseFiles = 9;
    hub.refuseFilesWith = new OnescanError(code, 'not like this', { remedy: 'Do otherwise' });
    const thrown = await send().catch((error: unknown) => error);
    expect(classifyFailure(thrown)).toEqual({
      failure: 'CRASH',
      message: `the coordinator did not take the SHAP values (${code}): not like this. Do otherwise`,
    });
  },
);
