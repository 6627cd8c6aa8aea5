import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BigQuery } from '@google-cloud/bigquery';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { buildWarehouse } from '@onescan/warehouse/build-warehouse.js';
import { PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, onescan } from '../command.js';
import { copyTables } from '../emulators/copy-tables.js';
import {
  BQEMULATOR,
  findEmulator,
  GOCCY,
  type RunningEmulator,
  startEmulator,
} from '../emulators/emulator-process.js';

process.env.METADATA_SERVER_DETECTION = 'none';

const PROJECT = 'bqx-ml';
const LOCATION = 'us-central1';
/** The fewest that can be simulated: goccy's takes the time of their square. */
const BARS = 3200;
const SETTINGS = ['protocol.folds=2', 'protocol.selectionShare=0.6', 'select.blocks=6', 'select.pairs=10'];
/** All rows: BigQuery's sample of fewer has other keys than the embedded warehouse's. */
const RUN = ['--pairs', 'usdjpy', '--horizons', '15', '--rows', `${BARS}`, '--preset', 'quick'].concat(
  SETTINGS.flatMap((setting) => ['--set', setting]),
);
/** Of the pair's tables and columns of targets: goccy's takes half a minute for a statement of them. */
const KEPT = ['mom_usdjpy'];
const KEPT_TARGETS = /^interval_time$|^target_bqx45_/;

describe.each([GOCCY, BQEMULATOR])('$name', (kind) => {
  const found = findEmulator(kind);
  describe.skipIf(!found)(found ? 'is here' : `is not here: set ${kind.variable} or PATH`, () => {
    let folder: string;
    let emulator: RunningEmulator;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'onescan-emulator-'));
      await buildTables(join(folder, 'warehouse'));
      emulator = await startEmulator(kind, PROJECT);
      process.env.BIGQUERY_EMULATOR_HOST = emulator.url;
      const authClient = new PassThroughClient();
      const client = new BigQuery({ projectId: PROJECT, location: LOCATION, authClient });
      await copyTables(join(folder, 'warehouse'), client, LOCATION);
    });
    afterAll(async () => {
      delete process.env.BIGQUERY_EMULATOR_HOST;
      await emulator?.stop();
      rmSync(folder, { recursive: true });
    });

    it('is planned and run by the command, with the results of the embedded warehouse', async () => {
      const bigQuery = ['--warehouse', `bigquery:${PROJECT}`, '--fetcher-flag', `location=${LOCATION}`];
      // Many times as fast as joins on goccy's.
      bigQuery.push('--fetcher-flag', 'results=rest', '--fetcher-flag', 'sql-strategy=pack');
      const other = await learned('emulator', ...bigQuery);
      const embedded = await learned('embedded', '--warehouse', join(folder, 'warehouse'));
      expect(other.results).toEqual(embedded.results);
      expect(other.first.stderr).toMatch(/usdjpy: fetched dataset \w+ with 1 statement/);
      expect(other.again.stderr).toMatch(/usdjpy: cached dataset/);
    });

    /** Plans and runs, and runs again on what is cached, with a stack of its own. */
    async function learned(name: string, ...up: string[]) {
      const cwd = mkdtempSync(join(folder, `${name}-`));
      expect(await onescan(cwd, 'up', ...up, '--trainers', '1', '--detach')).toMatchObject({ code: 0 });
      try {
        const first = await succeeds(cwd, 'run', ...RUN, '--yes');
        const again = await succeeds(cwd, 'run', ...RUN, '--yes');
        const { runs } = JSON.parse((await succeeds(cwd, 'ls', '--json')).stdout) as {
          runs: { runId: string }[];
        };
        const { stdout } = await succeeds(cwd, 'results', runs[0]!.runId);
        return { first, again, results: stdout };
      } finally {
        await onescan(cwd, 'down');
      }
    }
  });
});

async function succeeds(cwd: string, ...args: string[]): Promise<CommandResult> {
  const result = await onescan(cwd, ...args);
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return result;
}

async function buildTables(out: string): Promise<void> {
  const bars = { kind: 'simulation', seed: 1n, bars: BARS, effect: 1.5 } as const;
  await buildWarehouse({ bars, out, universe: 'small', pairs: ['usdjpy'] });
  const instance = await openDuckDb(join(out, 'warehouse.duckdb'));
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    'SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal',
  );
  const dropped = new Set<string>();
  for (const [schema, table, column] of found.getRows().map((row) => row.map(String))) {
    const name = `"${schema}"."${table}"`;
    if (table!.startsWith('targets_')) {
      if (!KEPT_TARGETS.test(column!)) await connection.run(`ALTER TABLE ${name} DROP COLUMN "${column}"`);
    } else if (!KEPT.includes(table!) && !dropped.has(name)) {
      dropped.add(name);
      await connection.run(`DROP TABLE ${name}`);
    }
  }
  connection.closeSync();
  instance.closeSync();
}
