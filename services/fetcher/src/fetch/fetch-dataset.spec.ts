import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec, SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import type { OpenDataset } from '@onescan/dataset/dataset.js';
import type { FeatureValues } from '@onescan/dataset/feature-values.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DatasetCache } from '../cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '../catalogue/warehouse-names.js';
import { BARS, buildSmallWarehouse, COLUMNS, FEATURES } from '../fixtures/small-warehouse.js';
import { JobLog } from '../jobs/job-log.js';
import { type PlannedPair, planPair } from '../planning/plan-pair.js';
import type { SqlStrategy } from '../sql/sql-dialect.js';
import type { StatementLimits } from '../sql/statement-limits.js';
import { FUTURE_COLUMN_PATTERNS } from '../universe/future-columns.js';
import { EmbeddedWarehouse } from '../warehouse/embedded/embedded-warehouse.js';
import { fetchDataset } from './fetch-dataset.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // generous: the machine may be busy

const ROWS = 1000;
const START_MS = Date.UTC(2020, 0, 1);
const MINUTE_MS = 60_000;

let folder: string;
let warehouse: EmbeddedWarehouse;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-fetch-'));
  await buildSmallWarehouse(join(folder, 'wh'));
  warehouse = open('wh');
});
afterAll(() => rmSync(folder, { recursive: true }));

function open(name: string): EmbeddedWarehouse {
  const tempFolder = join(folder, 'tmp');
  return new EmbeddedWarehouse({ folder: join(folder, name), names, tempFolder, memoryLimit: '512MB' });
}

interface Choices {
  warehouse?: EmbeddedWarehouse;
  strategy?: SqlStrategy;
  limits?: Partial<StatementLimits>;
  spec?: Partial<RunSpec>;
}

function plan(choices: Choices = {}): Promise<PlannedPair> {
  const spec = resolveRunSpec(
    RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: ROWS }, ...choices.spec }),
  );
  const futurePatterns = FUTURE_COLUMN_PATTERNS.map((pattern) => new RegExp(pattern, 'i'));
  const rules = { names, futurePatterns, limits: choices.limits ?? {} };
  const sqlStrategy = choices.strategy ?? 'pack';
  return planPair(choices.warehouse ?? warehouse, 'eurusd', spec, { ...rules, sqlStrategy });
}

async function fetch(cacheName: string, choices: Choices = {}, runId = 'run'): Promise<OpenDataset> {
  const cache = new DatasetCache(join(folder, cacheName));
  const environment = {
    warehouse: choices.warehouse ?? warehouse,
    cache,
    jobs: new JobLog(join(folder, `${cacheName}.jsonl`)),
    pricePerTibUsd: 6.25,
  };
  const planned = await plan(choices);
  const fetched = await fetchDataset(environment, {
    planned,
    runId,
    maximumBytesBilled: planned.statements.map(() => 10n ** 12n),
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  return openDataset(fetched.path);
}

/** What a run has paid by the job log, read as the next process does. */
function bill(cacheName: string, runId: string): { statements: number; bytes: bigint } {
  const jobs = new JobLog(join(folder, `${cacheName}.jsonl`)).list(runId);
  return { statements: jobs.length, bytes: jobs.reduce((sum, job) => sum + job.bytesBilled, 0n) };
}

async function features(dataset: OpenDataset): Promise<Map<string, FeatureValues>> {
  const values = new Map<string, FeatureValues>();
  await dataset.readFeatures((i, column) => values.set(dataset.included[i]!.featureId, column.slice()));
  return values;
}

const close = (bar: number): number => 100 + 10 * Math.sin(bar * 0.013) + 3 * Math.cos(bar * 0.17);
const change = (from: number, to: number): number => (100 * (close(to) - close(from))) / close(from);

describe('a fetched dataset', () => {
  let dataset: OpenDataset;
  let bar: Int32Array;
  beforeAll(async () => {
    dataset = await fetch('one');
    bar = (await dataset.readKeys()).bar;
  });
  afterAll(() => dataset.close());

  it('holds exactly the sampled rows, spread over the whole period, in order of time', async () => {
    const { time } = await dataset.readKeys();
    expect(bar.length).toBe(ROWS);
    expect(new Set(bar).size).toBe(ROWS);
    expect(Array.from(bar).toSorted((a, b) => a - b)).toEqual(Array.from(bar));
    expect(time.every((t, row) => t === START_MS + bar[row]! * MINUTE_MS)).toBe(true);
    const lateShare = bar.filter((b) => b >= BARS / 2).length / ROWS;
    expect(Math.abs(lateShare - 0.5)).toBeLessThan(0.08); // five standard deviations of a fair coin
  });

  it('holds all seven targets, what is known of them, and persistence, as their formulas say', async () => {
    expect(dataset.meta.horizons).toEqual([15, 30, 45, 60, 75, 90, 105]);
    expect(dataset.meta.overlapHorizons).toEqual([15, 30]);
    const persistence = await dataset.readPersistence();
    const known = (await dataset.readKnownPart(30))!;
    const target = await dataset.readTarget(60);
    for (const [row, b] of bar.entries()) {
      expectClose(target[row]!, valueOr(b + 15, b + 60));
      expectClose(known[row]!, valueOr(b - 15, b));
      expectClose(persistence[row]!, valueOr(b - 45, b));
    }
    function expectClose(found: number, wanted: number): void {
      if (Number.isNaN(wanted)) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(wanted, 9);
    }
    function valueOr(from: number, to: number): number {
      return from < 0 || to >= BARS ? Number.NaN : change(from, to);
    }
  });

  it('holds numbers, whole numbers and truth values as float32 and NULL as NaN', async () => {
    const values = await features(dataset);
    const of = (id: string): FeatureValues => values.get(id)!;
    for (const [row, b] of bar.entries()) {
      expect(of('mom_eurusd.roc')[row]).toBe(b % 5 === 0 ? Number.NaN : Math.fround(Math.sin(b)));
      expect(of('mom_eurusd.steps')[row]).toBe(b % 7);
      expect(of('mom_eurusd.up')[row]).toBe(b % 3 === 0 ? 1 : 0);
      expect(of('csi_usd.exact')[row]).toBe(b);
      expect(of('tri_late.late')[row]).toBe(b > 3000 ? b : Number.NaN);
      expect(of('mkt_vix.odd')[row]).toBe(b % 100 === 0 ? Number.NaN : b);
      expect(of('var_usd.empty')[row]).toBe(Number.NaN);
    }
    const roc = dataset.included.find((column) => column.featureId === 'mom_eurusd.roc')!;
    expect(roc.nullShare).toBeCloseTo(bar.filter((b) => b % 5 === 0).length / ROWS, 12);
  });

  it('encodes texts by their order and says how', async () => {
    const regime = dataset.columns.find((column) => column.featureId === 'mom_eurusd.regime')!;
    expect(JSON.parse(regime.encoding)).toEqual({ ordinal: ['high', 'low', 'mid'] });
    const codes = (await features(dataset)).get('mom_eurusd.regime')!;
    for (const [row, b] of bar.entries()) expect(codes[row]).toBe([1, 0, 2, Number.NaN][b % 4]);
    expect(dataset.columns.find((column) => column.featureId === 'mom_eurusd.up')!.encoding).toBe('bool');
  });

  it('accounts for every column of the universe, with the reason for each exclusion', () => {
    expect(dataset.columns.length).toBe(COLUMNS);
    const excluded = dataset.columns.filter((column) => !column.included);
    expect(excluded.every((column) => column.exclusionStage === 'plan')).toBe(true);
    const reasons = Object.fromEntries(excluded.map((column) => [column.featureId, column.exclusion?.code]));
    expect(reasons).toEqual({
      'base_bqx_eurusd.target_45': 'future_name',
      'base_bqx_eurusd.sneaky': 'same_as_target',
      'tri_error.pair1': 'too_many_texts',
      'mkt_vix_summary.mean_vix': 'keyless_table',
      'mkt_vix_summary.deviation_vix': 'keyless_table',
      'var_usd.seen_at': 'point_in_time',
      'csi_usd.day': 'point_in_time',
    });
  });
});

describe('two fetches', () => {
  const contentOf = async (cacheName: string, choices: Choices = {}): Promise<string> => {
    const dataset = await fetch(cacheName, choices);
    dataset.close();
    return dataset.meta.contentSha256;
  };

  it('give the same content, also when one joins and the other packs', async () => {
    const first = await contentOf('first');
    expect(await contentOf('again')).toBe(first);
    expect(await contentOf('joined', { strategy: 'join' })).toBe(first);
    expect(await contentOf('other', { spec: { sample: sample({ seed: 2n }) } })).not.toBe(first);
  });

  it('give the same content from several statements, whole tables in each or one that is cut', async () => {
    // 20 columns, more than one statement of at most 16 has room for.
    const columns = Array.from({ length: 20 }, (_, i) => `strength * ${i + 1} AS w${i}`).join(', ');
    const wide = `CREATE TABLE ${FEATURES}.csi_wide AS SELECT interval_time, ${columns} FROM ${FEATURES}.csi_usd`;
    await buildSmallWarehouse(join(folder, 'wide'), [wide]);
    const wider = open('wide');
    const whole = await fetch('whole', { warehouse: wider });
    for (const [strategy, limits, statements] of [
      ['pack', { tables: 4 }, 4],
      ['join', { columns: 16 }, 4],
    ] as const) {
      const split = await fetch(`split-${strategy}`, { warehouse: wider, strategy, limits });
      expect(split.meta.sql.split('\n;\n')).toHaveLength(statements);
      expect(split.meta.jobId.split(', ')).toHaveLength(statements);
      expect(split.columns).toEqual(whole.columns);
      expect(split.meta.contentSha256).toBe(whole.meta.contentSha256);
      split.close();
    }
    whole.close();
  });

  it('take all rows when fewer exist than are wanted, and only those of the period', async () => {
    const from = '2020-01-01T10:00:00Z';
    const dataset = await fetch('short', {
      spec: { sample: sample({ rows: 5000 }), period: { from, to: '2020-01-01T12:00:00Z' } },
    });
    const { bar } = await dataset.readKeys();
    dataset.close();
    expect(Array.from(bar)).toEqual(Array.from({ length: 120 }, (_, i) => 600 + i));
  });

  it('take whole days with the days strategy', async () => {
    const dataset = await fetch('days', {
      spec: { sample: sample({ rows: 1440, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS }) },
    });
    const { bar } = await dataset.readKeys();
    dataset.close();
    const day = Math.floor(bar[0]! / 1440);
    expect(Array.from(bar)).toEqual(Array.from({ length: 1440 }, (_, i) => day * 1440 + i));
  });
});

it('leaves nothing but the job when it is cancelled half-way', async () => {
  const cache = new DatasetCache(join(folder, 'cancelled'));
  const jobs = new JobLog(join(folder, 'cancelled.jsonl'));
  const abort = new AbortController();
  const fetching = fetchDataset(
    { warehouse, cache, jobs, pricePerTibUsd: 6.25 },
    {
      planned: await plan(),
      runId: 'run',
      maximumBytesBilled: [10n ** 12n],
      signal: abort.signal,
      onProgress: (stage) => stage === 'spool' && abort.abort(),
    },
  );
  await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(readdirSync(cache.folder)).toEqual([]);
  expect(jobs.list()).toMatchObject([{ state: 'failed', runId: 'run', pair: 'eurusd' }]);
});

function sample(changes: { rows?: number; strategy?: SampleStrategy; seed?: bigint }) {
  return { rows: ROWS, strategy: SampleStrategy.SAMPLE_STRATEGY_HASH, ...changes };
}

it('a run pays for its statement once, however often its fetcher dies; another run pays again', async () => {
  const path = join(folder, 'once.jsonl');
  (await fetch('once')).close();
  const paid = bill('once', 'run');
  expect(paid.statements).toBe(1);
  expect(paid.bytes).toBeGreaterThan(0n);
  const lose = (): void => rmSync(join(folder, 'once'), { recursive: true });
  // Killed when the rows were there and the dataset was not.
  lose();
  (await fetch('once')).close();
  expect(bill('once', 'run')).toEqual(paid);
  // Killed while the statement ran: its record has no end.
  const [started] = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, `${started}\n`);
  expect(new JobLog(path).list('run')).toMatchObject([{ state: 'failed', bytesBilled: 0n }]);
  lose();
  (await fetch('once')).close();
  expect(bill('once', 'run')).toEqual(paid);
  lose();
  (await fetch('once', {}, 'another')).close();
  expect([bill('once', 'run'), bill('once', 'another')]).toEqual([paid, paid]);
});
