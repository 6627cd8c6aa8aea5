import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkKernelVersion, hashSources, readKernelVersion } from './kernel-version.js';

const FOLDER = new URL('../../dist/kernels/', import.meta.url);

/** Characters of the sources' hash that tell kernels apart. */
const HASH_DIGITS = 16;

const compiled = new Map<string, WebAssembly.Module>();
let sources: string | undefined;

/**
 * Instantiates a compiled kernel over a shared memory. Compiled once per process and kernel.
 *
 * WASM instances on one shared memory also share static data, so kernels keep no state: every scratch
 * area is passed in by address and belongs to one thread.
 *
 * @param name base name of the kernel, e.g. `tree` for assembly/tree.kernel.ts
 * @param memory the shared memory that holds inputs, outputs and scratch
 * @throws Error when the kernel was not built, or from other sources than there are (run `npm run build`)
 */
export function loadKernel<Exports>(name: string, memory: WebAssembly.Memory): Exports {
  let module = compiled.get(name);
  if (!module) {
    module = compileKernel(name);
    compiled.set(name, module);
  }
  const abort = (): never => {
    throw new Error(`kernel ${name} aborted`);
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  return instance.exports as Exports;
}

/**
 * Which kernels this process computes with: processes of equal versions give equal results.
 *
 * @throws Error when they were not built, or from different sources
 */
export function kernelVersion(): string {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.wasm')) : [];
  const versions = names.map((name) => {
    const version = readKernelVersion(new WebAssembly.Module(readFileSync(new URL(name, FOLDER))));
    return version ? `${version.abi}-${version.sources.slice(0, HASH_DIGITS)}` : 'none';
  });
  const different = [...new Set(versions)];
  if (different.length === 1) return different[0]!;
  throw new Error(`the kernels are of versions ${different.join(', ') || 'none'}; build them: npm run build`);
}

function compileKernel(name: string): WebAssembly.Module {
  const file = new URL(`${name}.wasm`, FOLDER);
  if (!existsSync(file)) throw new Error(`kernel ${name} was not built; build it: npm run build`);
  const module = new WebAssembly.Module(readFileSync(file));
  sources ??= hashSources(fileURLToPath(new URL('../../assembly', import.meta.url)));
  checkKernelVersion(name, module, sources);
  return module;
}
