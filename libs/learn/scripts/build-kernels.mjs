// Compiles every assembly/*.kernel.ts to dist/kernels/<name>.wasm (WASM SIMD over imported shared memory), with
// the hash of all sources in it. Runs after tsc: it takes the hash as the code that loads kernels takes it.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { hashSources, KERNEL_ABI, VERSION_SECTION } from '../dist/kernels/kernel-version.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(root, 'assembly');
const out = join(root, 'dist', 'kernels');
mkdirSync(out, { recursive: true });

const version = JSON.stringify({ abi: KERNEL_ABI, sources: hashSources(assembly) });
const kernels = readdirSync(assembly).filter((name) => name.endsWith('.kernel.ts'));
for (const kernel of kernels) {
  const name = kernel.replace('.kernel.ts', '');
  const building = `${name}.wasm.${process.pid}`;
  const { error, stderr } = await asc.main(
    [
      join('assembly', kernel),
      '--outFile',
      join('dist', 'kernels', building),
      '--runtime',
      'stub',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory',
      '1',
      '--maximumMemory',
      '65536',
      '--enable',
      'simd',
      '--enable',
      'threads',
      '-O3',
      '--noAssert',
      '--noColors',
    ],
    { baseDir: root },
  );
  if (error) {
    process.stderr.write(stderr.toString());
    process.stderr.write(`kernel ${kernel} did not compile: ${error.message}\n`);
    process.exit(1);
  }
  const file = join(out, building);
  writeFileSync(file, Buffer.concat([readFileSync(file), customSection(VERSION_SECTION, version)]));
  renameSync(file, join(out, `${name}.wasm`));
}

/** A custom section of a WebAssembly module: id 0, size, name, content. */
function customSection(name, text) {
  const content = Buffer.concat([sized(Buffer.from(name)), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0]), sized(content)]);
}

/** Bytes after their number, as unsigned LEB128. */
function sized(bytes) {
  const size = [];
  let left = bytes.length;
  do {
    size.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    left >>>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from(size), bytes]);
}
