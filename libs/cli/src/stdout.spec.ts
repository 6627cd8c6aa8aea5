import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ScriptedCoordinator, scriptedCoordinator } from './testing/scripted-coordinator.js';

const BIN = fileURLToPath(new URL('../bin/onescan.mjs', import.meta.url));
/** A device on which every write finds the disk full. */
const FULL = '/dev/full';

let coordinator: ScriptedCoordinator;

beforeAll(async () => {
  coordinator = await scriptedCoordinator();
});
afterAll(() => coordinator.stop());

function hasFullDevice(): boolean {
  if (existsSync(FULL)) return true;
  console.warn(`no ${FULL}: the tests of a full disk below stdout are skipped`);
  return false;
}

/** Runs `onescan ...` with stdout going to a file. */
function onescan(args: readonly string[], stdout: string): Promise<{ code: number | null; stderr: string }> {
  const out = openSync(stdout, 'w');
  const all = [BIN, ...args, '--coordinator', coordinator.address];
  const child = spawn(process.execPath, all, { stdio: ['ignore', out, 'pipe'] });
  closeSync(out);
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

describe.skipIf(!hasFullDevice())('on a full disk', { concurrent: true }, () => {
  it.each(
    [
      ['--help'],
      ['--version'],
      ['completion', 'bash'],
      ['ls'],
      ['ls', '--json'],
      ['show', 'r-1'],
      ['plan'],
      ['run', '--yes'],
      ['approve', 'r-1'],
      ['cancel', 'r-1'],
      ['results', 'r-1', '--json'],
      ['ledger', 'r-1'],
      ['ledger', 'r-1', '--csv'],
      ['report', 'r-1', '--out', '-'],
      ['trainers'],
      ['doctor'],
    ].map((args) => [args.join(' '), args] as const),
  )('"onescan %s" says so in one line and exits 5', async (_, args) => {
    const { code, stderr } = await onescan(args, FULL);
    const said = stderr.trimEnd().split('\n').at(-1);
    expect(said).toContain('cannot write: no space left on device');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(5);
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
