import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkKernelVersion, hashSources } from './kernel-version.js';

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

function compileKernel(name: string): WebAssembly.Module {
  const file = new URL(`../../dist/kernels/${name}.wasm`, import.meta.url);
  if (!existsSync(file)) throw new Error(`kernel ${name} was not built; build it: npm run build`);
  const module = new WebAssembly.Module(readFileSync(file));
  sources ??= hashSources(fileURLToPath(new URL('../../assembly', import.meta.url)));
  checkKernelVersion(name, module, sources);
  return module;
}
