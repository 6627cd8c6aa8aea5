import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { PAIRS, requirePair } from '@onescan/contract/pair.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import type { BarSource } from './bars/bar-source.js';
import { type FoundBars, findBars, hashBars } from './bars/load-bars.js';
import { type BuildProgress, buildDatabase, type DatabaseFacts } from './build-database.js';
import { BUILT_TABLES_FILE, writeBuiltTables } from './built-tables.js';
import { findManifest, type GroupCounts, WAREHOUSE_FORMAT, type WarehouseManifest } from './manifest.js';
import type { BuildStep, TableGroup } from './plan/build-step.js';
import { planSteps } from './plan/plan-steps.js';
import { DATABASE_FILE, MANIFEST_FILE } from './schema.js';
import { plantedEffects } from './simulation/planted-effects.js';
import { FEWEST_BARS } from './simulation/simulation-source.js';
import { type UniverseName, universeShape } from './universe-shape.js';

export interface BuildWarehouseOptions {
  readonly bars: BarSource;
  /** Directory of the warehouse; made when it does not exist. */
  readonly out: string;
  readonly universe: UniverseName;
  /** Pairs whose own tables are built; all 28 unless named. Shared tables use every pair that has bars. */
  readonly pairs?: readonly string[];
  /** Threads of DuckDB; the processors of the machine unless given. */
  readonly threads?: number;
  /** Memory limit of DuckDB's buffers, such as `2GB`. */
  readonly memory?: string;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** Memory limit of DuckDB's buffers unless the caller sets one. */
const DEFAULT_MEMORY = '2GB';

/**
 * Builds the embedded warehouse from bars: `warehouse.duckdb` with the feature and targets tables,
 * `warehouse-tables.json` and `warehouse.json`. A warehouse in `out` that was made from the same bars by the same statements is kept as it is. The
 * files appear by rename when they are complete; a build that fails leaves what was there before.
 *
 * @throws OnescanError NOT_FOUND or INVALID_ARGUMENT on missing or bad bars, CANCELLED when the signal fires
 */
export async function buildWarehouse(options: BuildWarehouseOptions): Promise<WarehouseManifest> {
  const shape = universeShape(options.universe);
  checkSource(options.bars);
  const pairs = PAIRS.filter((pair) => chosenPairs(options.pairs).includes(pair));
  const found = findBars(options.bars, pairs);
  const steps = planSteps(pairs, found.available, shape);
  const source = await describeSource(found);
  const inputsSha256 = hashInputs({ source, pairs, steps, universe: shape.name });
  const existing = findManifest(options.out);
  if (existing?.inputsSha256 === inputsSha256) {
    options.onProgress?.({ stage: 'up to date', done: 1, total: 1 });
    return existing;
  }
  const publish = (facts: DatabaseFacts, databaseBytes: number): WarehouseManifest => ({
    formatVersion: WAREHOUSE_FORMAT,
    name: basename(resolve(options.out)),
    universe: shape.name,
    source,
    inputsSha256,
    pairs,
    barPairs: found.available,
    missingPairs: PAIRS.filter((pair) => !found.available.includes(pair)),
    ...facts,
    ...countColumns(pairs, steps),
    plantedEffects: options.bars.kind === 'simulation' ? plantedEffects(options.bars) : [],
    databaseBytes,
  });
  return await buildAside(options, { found, steps, publish });
}

interface BuildInput {
  readonly found: FoundBars;
  readonly steps: readonly BuildStep[];
  readonly publish: (facts: DatabaseFacts, databaseBytes: number) => WarehouseManifest;
}

/** Builds under a temporary name and renames; the manifest comes last, so it never describes another database. */
async function buildAside(options: BuildWarehouseOptions, input: BuildInput): Promise<WarehouseManifest> {
  const made = mkdirSync(options.out, { recursive: true });
  removeAbandoned(options.out);
  const partial = join(options.out, `${DATABASE_FILE}.partial-${process.pid}`);
  const file = join(partial, DATABASE_FILE);
  mkdirSync(partial);
  try {
    const facts = await buildDatabase({
      file,
      temporary: join(partial, 'spill'),
      found: input.found,
      steps: input.steps,
      threads: options.threads ?? availableParallelism(),
      memory: options.memory ?? DEFAULT_MEMORY,
      signal: options.signal,
      onProgress: options.onProgress ?? (() => {}),
    });
    const manifest = input.publish(facts, statSync(file).size);
    const builtTables = join(partial, BUILT_TABLES_FILE);
    const { inputsSha256 } = manifest;
    await writeBuiltTables(builtTables, file, { inputsSha256, memory: options.memory ?? DEFAULT_MEMORY });
    const written = join(partial, MANIFEST_FILE);
    writeFileSync(written, `${JSON.stringify(manifest, null, 2)}\n`);
    for (const path of [file, builtTables, written]) sync(path);
    rmSync(join(options.out, MANIFEST_FILE), { force: true });
    renameSync(file, join(options.out, DATABASE_FILE));
    renameSync(builtTables, join(options.out, BUILT_TABLES_FILE));
    renameSync(written, join(options.out, MANIFEST_FILE));
    sync(options.out);
    rmSync(partial, { recursive: true, force: true });
    return manifest;
  } catch (thrown) {
    rmSync(partial, { recursive: true, force: true });
    if (made !== undefined) rmdirSync(options.out);
    throw OnescanError.from(thrown);
  }
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Removes what builds left behind whose process is gone. */
function removeAbandoned(out: string): void {
  for (const entry of readdirSync(out)) {
    const pid = /^warehouse\.duckdb\.partial-(\d+)$/.exec(entry)?.[1];
    if (pid === undefined) continue;
    if (Number(pid) === process.pid || !isProcessAlive(Number(pid))) {
      rmSync(join(out, entry), { recursive: true, force: true });
    }
  }
}

function chosenPairs(pairs: readonly string[] | undefined): readonly string[] {
  for (const pair of pairs ?? []) requirePair(pair);
  if (pairs?.length === 0) {
    throw new OnescanError('INVALID_ARGUMENT', 'pairs: the list is empty', {
      remedy: 'Name at least one pair',
    });
  }
  return pairs ?? PAIRS;
}

function checkSource(bars: BarSource): void {
  if (bars.kind === 'folder') return;
  if (!Number.isInteger(bars.bars) || bars.bars < FEWEST_BARS) {
    throw new OnescanError('INVALID_ARGUMENT', `bars: a simulation of ${bars.bars} bars is too short`, {
      remedy: `Simulate at least ${FEWEST_BARS}`,
      details: { field: 'bars', value: bars.bars },
    });
  }
  if (bars.effect !== undefined && !(bars.effect >= 0 && bars.effect <= 10)) {
    throw new OnescanError('INVALID_ARGUMENT', `effect: ${bars.effect} is not between 0 and 10`, {
      remedy: '1 is the documented strength, 0 plants nothing',
      details: { field: 'effect' },
    });
  }
}

async function describeSource(found: FoundBars): Promise<WarehouseManifest['source']> {
  const { source } = found;
  if (source.kind === 'folder')
    return {
      kind: 'folder',
      path: resolve(source.path),
      reading: found.reader.named,
      sha256: await hashBars(found),
    };
  return { kind: 'simulation', seed: source.seed.toString(), bars: source.bars, effect: source.effect ?? 1 };
}

interface Inputs {
  readonly source: WarehouseManifest['source'];
  readonly pairs: readonly string[];
  readonly steps: readonly BuildStep[];
  readonly universe: UniverseName;
}

function hashInputs({ source, pairs, steps, universe }: Inputs): string {
  // The same bars from another folder are the same bars; the same bytes read otherwise are others.
  const bars =
    source.kind === 'folder' ? { kind: source.kind, sha256: source.sha256, reading: source.reading } : source;
  const statements = steps.flatMap(({ prepare, tables }) => [...prepare, ...tables.map(({ sql }) => sql)]);
  const sql = sha256Hex(statements.join(';\n'));
  return sha256Hex(canonicalJson({ format: WAREHOUSE_FORMAT, bars, pairs, universe, sql }));
}

interface ColumnCounts {
  readonly groups: Partial<Record<TableGroup, GroupCounts>>;
  readonly columnsOfPair: Record<string, number>;
}

/**
 * Counts tables and columns by group, and the feature columns that a run on each pair finds: those of tables whose
 * name contains the pair and those of the shared groups. Keys and targets tables do not count.
 */
export function countColumns(pairs: readonly string[], steps: readonly BuildStep[]): ColumnCounts {
  const tables = steps.flatMap((step) => step.tables);
  const groups: Partial<Record<TableGroup, GroupCounts>> = {};
  for (const { group, columns } of tables) {
    const before = groups[group] ?? { tables: 0, columns: 0 };
    groups[group] = { tables: before.tables + 1, columns: before.columns + columns };
  }
  const features = tables.filter(({ group }) => group !== 'targets');
  const columnsOfPair = Object.fromEntries(
    pairs.map((pair) => [
      pair,
      features
        .filter(({ group, name }) => group !== 'pair' || name.includes(pair))
        .reduce((sum, { columns }) => sum + columns, 0),
    ]),
  );
  return { groups, columnsOfPair };
}
