import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CommandResult, onescan } from '../command.js';
import { WAREHOUSE } from '../warehouse.js';

const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15', '--rows', '2000', '--preset', 'quick', '--yes'];
const LIMIT_MS = 600_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-lake-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(
  'a lake that the command exports is run on with the results of the embedded warehouse, byte by byte',
  async () => {
    const exported = await succeeds(
      folder,
      'warehouse',
      'export',
      '--warehouse',
      WAREHOUSE,
      '--lake',
      'lake',
    );
    expect(exported.stdout).toMatch(/lake: \d+ tables, /);
    const embedded = await learned('embedded', '--warehouse', WAREHOUSE);
    const lake = await learned('lake', '--warehouse', `lake:${join(folder, 'lake')}`);
    expect(lake.documents).toEqual(embedded.documents);
    expect(lake.documents).toHaveLength(1);
    expect(lake.output).toMatch(/fetched dataset \w+ with 1 statement/);
    // The same dataset, and nobody is paid.
    expect(/dataset (\w+)/.exec(lake.output)?.[1]).toBe(/dataset (\w+)/.exec(embedded.output)?.[1]);
    expect(lake.output).toMatch(/billed [\d.]+ [KM]iB, \$0/);
    const again = await onescan(folder, 'warehouse', 'export', '--warehouse', WAREHOUSE, '--lake', 'lake');
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  },
  LIMIT_MS,
);

it(
  'a lake that is not there is told before anything is started for it',
  async () => {
    const up = await onescan(folder, 'up', '--warehouse', 'lake:none', '--trainers', '1', '--home', 'home');
    expect(up.code).not.toBe(0);
    expect(up.stderr).toContain(`there is no lake at ${join(folder, 'none')}`);
  },
  LIMIT_MS,
);

/** Runs on a warehouse with a stack of its own. */
async function learned(name: string, ...up: string[]): Promise<{ documents: string[]; output: string }> {
  const cwd = mkdtempSync(join(folder, `${name}-`));
  await succeeds(cwd, 'up', ...up, '--trainers', '1', '--detach');
  try {
    const { stderr } = await succeeds(cwd, ...RUN);
    const runs = join(cwd, '.onescan', 'state', 'runs');
    const [run] = readdirSync(runs);
    const { results } = JSON.parse(readFileSync(join(runs, run!, 'results.json'), 'utf8')) as {
      results: { documentSha256: string }[];
    };
    return { documents: results.map(({ documentSha256 }) => documentSha256), output: stderr };
  } finally {
    await onescan(cwd, 'down');
  }
}

async function succeeds(cwd: string, ...args: string[]): Promise<CommandResult> {
  const result = await onescan(cwd, ...args);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result;
}
