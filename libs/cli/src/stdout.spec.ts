import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFullDiskTold, hasFullDevice } from './testing/full-disk.js';
import { type ScriptedCoordinator, scriptedCoordinator } from './testing/scripted-coordinator.js';

const BIN = fileURLToPath(new URL('../bin/onescan.mjs', import.meta.url));

let coordinator: ScriptedCoordinator;

beforeAll(async () => {
  coordinator = await scriptedCoordinator();
});
afterAll(() => coordinator.stop());

describe.skipIf(!hasFullDevice())('on a full disk', { concurrent: true }, () => {
  it.each(
    [['--help'], ['show', 'r-1'], ['run', '--yes'], ['ledger', 'r-1', '--csv']].map(
      (args) => [args.join(' '), args] as const,
    ),
  )('"onescan %s" says so in one line and exits 5', async (_, args) => {
    await expectFullDiskTold(args, coordinator.address);
  });
});

it('a reader that leaves is no error', async () => {
  const command = `"$0" "$1" ledger r-1 --csv --coordinator ${coordinator.address} | head -n 1; exit "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', command, process.execPath, BIN], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(output).toMatch(/^run_id,[\w,]+\n$/);
});
