import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const E2E = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const SEEDS = [11, 12, 13];

/** Specs of the production client on the fake, with answers that vary. */
function runSpecs(seed: number): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const config = ['--config', 'vitest.long.config.ts', '--dir', 'src'];
    const args = [VITEST, 'run', ...config, 'bigquery/bigquery-'];
    const env = { ...process.env, ONESCAN_FAKE_SEED: String(seed) };
    const child = spawn(process.execPath, args, { cwd: E2E, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

it.each(SEEDS)('all specs of BigQuery pass with answers that vary: ONESCAN_FAKE_SEED=%i', async (seed) => {
  const { code, said } = await runSpecs(seed);
  expect(code, said.slice(-6000)).toBe(0);
});
