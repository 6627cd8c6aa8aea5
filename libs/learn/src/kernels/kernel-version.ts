import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Version of what code and kernels agree on: exports, their parameters, and the layout of what they share.
 * To be raised with every change of it, so that neither side runs with the other's past.
 */
export const KERNEL_ABI = 1;

/** Custom section of a compiled kernel that holds its version as text. */
export const VERSION_SECTION = 'onescan-kernel';

/** What a kernel was compiled from. */
export interface KernelVersion {
  readonly abi: number;
  /** SHA-256 of all sources under assembly/. */
  readonly sources: string;
}

/** SHA-256 over names and contents of all files under `folder`; undefined where there is no such folder. */
export function hashSources(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(`${file.slice(folder.length)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

/** What a compiled kernel says of itself; undefined when it says nothing. */
export function readKernelVersion(module: WebAssembly.Module): KernelVersion | undefined {
  const [section] = WebAssembly.Module.customSections(module, VERSION_SECTION);
  return section && (JSON.parse(new TextDecoder().decode(section)) as KernelVersion);
}

/**
 * Refuses a kernel that was compiled from other sources than are there, or that agrees on something else with
 * the code: it would compute wrong numbers without any error.
 *
 * @param sources hash of the sources there are; undefined where only compiled files were installed
 * @throws Error that says what differs and what to do
 */
export function checkKernelVersion(
  name: string,
  module: WebAssembly.Module,
  sources: string | undefined,
): void {
  const version = readKernelVersion(module);
  const remedy = 'build again: npm run build';
  if (!version) throw new Error(`kernel ${name} does not say what it was compiled from; ${remedy}`);
  if (version.abi !== KERNEL_ABI) {
    throw new Error(
      `kernel ${name} was compiled for version ${version.abi} of the code, this is ${KERNEL_ABI}; ${remedy}`,
    );
  }
  if (sources !== undefined && version.sources !== sources) {
    throw new Error(`kernel ${name} was compiled from other sources than those in assembly/; ${remedy}`);
  }
}
