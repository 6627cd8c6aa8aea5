import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/onescan.mjs', import.meta.url));
/** A device on which every write finds the disk full. */
const FULL = '/dev/full';

/** Whether there is a disk that is always full; tests without it are skipped. */
export function hasFullDevice(): boolean {
  if (existsSync(FULL)) return true;
  console.warn(`no ${FULL}: the tests of a full disk below stdout are skipped`);
  return false;
}

/** Runs `onescan ...` with stdout on a full disk: it says so in one line, and exits with 5. */
export async function expectFullDiskTold(args: readonly string[], coordinator: string): Promise<void> {
  const { code, stderr } = await onescan([...args, '--coordinator', coordinator], FULL);
  expect(stderr.trimEnd().split('\n').at(-1)).toContain('cannot write: no space left on device');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(5);
}

function onescan(args: readonly string[], stdout: string): Promise<{ code: number | null; stderr: string }> {
  const out = openSync(stdout, 'w');
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', out, 'pipe'] });
  closeSync(out);
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}
