// Compiles every assembly/*.kernel.ts to dist/kernels/<name>.wasm (WASM SIMD over imported shared memory).
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist', 'kernels');
mkdirSync(out, { recursive: true });

const kernels = readdirSync(join(root, 'assembly')).filter((name) => name.endsWith('.kernel.ts'));
for (const kernel of kernels) {
  const name = kernel.replace('.kernel.ts', '');
  const { error, stderr } = await asc.main(
    [
      join('assembly', kernel),
      '--outFile',
      join('dist', 'kernels', `${name}.wasm`),
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
}
