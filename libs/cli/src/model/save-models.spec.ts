import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { fakeTerminal } from '../testing/fake-terminal.js';
import { modelFile } from '../testing/sample-models.js';
import { type ScriptedCoordinator, scriptedCoordinator } from '../testing/scripted-coordinator.js';

const MODEL = ['model', 'r-1', '--pair', 'eurusd', '--horizon', '15'];
const TEXTS = ['leaf.txt', 'level.txt', 'logistic.txt', 'ridge.txt', 'symmetric.txt', 'value.txt'];

let folder: string;
let coordinator: ScriptedCoordinator;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-models-'));
});
afterEach(async () => {
  await coordinator.stop();
  rmSync(folder, { recursive: true });
});

async function start(models?: readonly Buffer[]): Promise<ReturnType<typeof fakeTerminal>> {
  coordinator = await scriptedCoordinator(models ? { models } : {});
  return fakeTerminal({ cwd: folder, env: { ONESCAN_COORDINATOR: coordinator.address } });
}

it('model saves every text and what they are, and asks for pair and horizon', async () => {
  const fake = await start();
  expect(await runCli([...MODEL, '--json'], fake)).toBe(0);
  const path = join(folder, 'onescan-model-r-1-eurusd-h15');
  expect(readdirSync(path).sort()).toEqual([...TEXTS, 'model.json'].sort());
  const { files, ...saved } = JSON.parse(fake.data()) as { files: string[] };
  expect(saved).toEqual({ runId: 'r-1', pair: 'eurusd', horizon: 15, path });
  expect(files.every((file) => existsSync(file))).toBe(true);
  expect(files).toHaveLength(7);
  const document = JSON.parse(readFileSync(join(path, 'model.json'), 'utf8')) as {
    models: { name: string }[];
  };
  expect(document).toMatchObject({ pair: 'eurusd', horizon: 15, base: { name: 'base_rate' } });
  for (const text of TEXTS) expect(readFileSync(join(path, text), 'utf8')).toMatch(/^tree\n.*null\n$/s);
  const other = fakeTerminal({ cwd: folder, env: { ONESCAN_COORDINATOR: coordinator.address } });
  expect(await runCli(MODEL.slice(0, 4), other)).toBe(2);
});

it.each([
  [
    'cut off',
    () => [Buffer.concat(modelFile('eurusd', 15)).subarray(0, 3000)],
    'that are not the 492 bytes announced',
  ],
  ['damaged', () => modelFile('eurusd', 15, 'tree\n'.padEnd(2000, 'x')), 'leaf.txt'],
  ['nothing', () => [], 'does not begin with a line'],
  ['something else', () => [Buffer.from('PAR1\n')], 'is not JSON'],
  ['of a later version', () => [later()], 'formatVersion'],
])('a file that is %s is an error, and leaves no model.json', async (_what, chunks, message) => {
  const fake = await start(chunks());
  expect(await runCli([...MODEL, '--out', 'm'], fake)).not.toBe(0);
  expect(fake.notes.join('\n')).toContain(message);
  const left = existsSync(join(folder, 'm')) ? readdirSync(join(folder, 'm')) : [];
  expect(left.filter((name) => !TEXTS.includes(name))).toEqual([]);
});

function later(): Buffer {
  const file = String(Buffer.concat(modelFile('eurusd', 15)));
  return Buffer.from(file.replace('"formatVersion":2', '"formatVersion":3'));
}
