import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { checkKernelVersion, hashSources, KERNEL_ABI } from './kernel-version.js';

const assembly = fileURLToPath(new URL('../../assembly', import.meta.url));
const wasm = readFileSync(new URL('../../dist/kernels/tree.wasm', import.meta.url));
const tree = new WebAssembly.Module(wasm);
const folders: string[] = [];

function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-kernels-'));
  folders.push(folder);
  cpSync(assembly, folder, { recursive: true });
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('checkKernelVersion', () => {
  it('takes a kernel built from these sources, wherever they are, or where there are none', () => {
    checkKernelVersion('tree', tree, hashSources(assembly));
    checkKernelVersion('tree', tree, hashSources(copyOfSources()));
    expect(hashSources(join(assembly, 'nowhere'))).toBeUndefined();
    checkKernelVersion('tree', tree, undefined);
  });

  it('refuses a kernel once any source has changed', () => {
    const folder = copyOfSources();
    writeFileSync(join(folder, 'tree', 'rows.ts'), '\n', { flag: 'a' });
    expect(() => checkKernelVersion('tree', tree, hashSources(folder))).toThrow(
      /kernel tree was compiled from other sources than those in assembly\/; build again: npm run build/,
    );
  });

  it('refuses a kernel of another version of the code, and one that does not say', () => {
    const old = Buffer.from(wasm.toString('latin1').replace(`"abi":${KERNEL_ABI}`, '"abi":0'), 'latin1');
    expect(() => checkKernelVersion('tree', new WebAssembly.Module(old), undefined)).toThrow(
      `kernel tree was compiled for version 0 of the code, this is ${KERNEL_ABI}`,
    );
    const empty = new WebAssembly.Module(Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    expect(() => checkKernelVersion('tree', empty, undefined)).toThrow(/does not say/);
  });
});
