import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { requireColumns } from '@onescan/learn/sizing/require-learnable.js';
import { type KnownSample, sampleOutlook } from '@onescan/learn/sizing/sample-need.js';
import { exactOutlook, type Remedy } from './check-sample.js';

/** A pair as it would be planned with another spec. */
export interface AskedPair {
  readonly pair: PairPlan;
  readonly known: KnownSample | undefined;
}

/** Plans a pair with another spec; undefined where that cannot be planned. */
export type AskPair = (spec: ResolvedRunSpec, pair: string) => Promise<AskedPair | undefined>;

/** A pair that cannot be learned as it is. */
interface Refused extends AskedPair {
  readonly spec: ResolvedRunSpec;
}

/** Numbers of rows that are tried at most: each is a look at the warehouse. */
const MOST_TRIES = 6;
/** From one number of rows to the next. */
const GROWTH = 1.6;

/** Settings that ask less of a sample, the least change first. */
const SETTINGS: readonly Readonly<Record<string, string>>[] = [
  { 'select.maxFalse': '1' },
  { 'select.methods': 'elastic-net' },
  { 'protocol.folds': '2' },
  { 'protocol.folds': '2', 'protocol.selectionShare': '0.6' },
  { 'select.method': 'boosted' },
  { 'select.method': 'boosted', 'protocol.folds': '2' },
];

/**
 * Finds what would make a pair learnable, and advises it only when that was tried: more rows of the period, the whole of the
 * table, other settings.
 */
export async function findRemedy(refused: Refused, ask: AskPair): Promise<Remedy> {
  return (
    (hasEnoughColumns(refused)
      ? ((await moreRows(refused, ask)) ?? (await longerPeriod(refused, ask)))
      : undefined) ??
    (await otherSettings(refused)) ?? {
      field: hasEnoughColumns(refused) ? 'period' : 'universe',
      text: hasEnoughColumns(refused)
        ? 'Take a longer period or shorter horizons: neither more of its rows nor other settings are enough'
        : 'Test more columns: no settings are enough for so few',
    }
  );
}

function hasEnoughColumns({ spec, pair }: Refused): boolean {
  try {
    requireColumns(pair.includedColumns, resolveLearnConfig(spec.preset, spec.overrides));
    return true;
  } catch {
    return false;
  }
}

/** Whether all horizons can be learned with another spec. */
async function works(spec: ResolvedRunSpec, pair: string, ask: AskPair): Promise<AskedPair | undefined> {
  const asked = await ask(spec, pair);
  if (!asked?.known) return undefined;
  const { impossible } = await exactOutlook(spec, asked.pair, asked.known);
  return impossible.length === 0 ? asked : undefined;
}

function withRows(spec: ResolvedRunSpec, rows: number): ResolvedRunSpec {
  return { ...spec, sample: { ...spec.sample, rows } };
}

async function moreRows({ spec, pair }: Refused, ask: AskPair): Promise<Remedy | undefined> {
  const most = pair.periodRows;
  if (pair.rows >= most) return undefined;
  // All rows of the period first: where those are not enough none are.
  if (!(await works(withRows(spec, most), pair.pair, ask))) return undefined;
  for (const rows of rowsToTry(spec, pair)) {
    if (await works(withRows(spec, rows), pair.pair, ask)) return rowsRemedy(rows);
  }
  return rowsRemedy(most);
}

function rowsRemedy(rows: number): Remedy {
  return { field: 'sample.rows', text: `Set sample.rows to ${rows}` };
}

/** From what an even sample would need, ever more. */
function rowsToTry(spec: ResolvedRunSpec, pair: PairPlan): number[] {
  const task = {
    horizons: spec.horizons,
    targetWindow: spec.targetWindow,
    config: resolveLearnConfig(spec.preset, spec.overrides),
    columns: pair.includedColumns,
  };
  const even = sampleOutlook({ rows: pair.rows, periodBars: pair.periodRows }, task).leastRows ?? pair.rows;
  const first = Math.max(even, Math.ceil(pair.rows * 1.1));
  const tries = Array.from({ length: MOST_TRIES }, (_, k) => twoDigits(first * GROWTH ** k));
  return tries.filter((rows) => rows < pair.periodRows);
}

/** Rounded up to two digits. */
function twoDigits(rows: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rows)) - 1);
  return Math.ceil(rows / unit) * unit;
}

async function longerPeriod({ spec, pair }: Refused, ask: AskPair): Promise<Remedy | undefined> {
  const { from, to } = spec.period;
  if (from === '' && to === '') return undefined;
  const open = { ...spec, period: { from: '', to: '' } };
  if (await works(open, pair.pair, ask)) {
    return {
      field: 'period',
      text: `Take a longer period: all of the table is enough, with ${spec.sample.rows} rows`,
    };
  }
  const asked = await ask(open, pair.pair);
  const rows = asked?.pair.periodRows ?? 0;
  if (rows <= spec.sample.rows || !(await works(withRows(open, rows), pair.pair, ask))) return undefined;
  return {
    field: 'period',
    text: `Take a longer period and more rows: all ${rows} rows of the table are enough`,
  };
}

async function otherSettings({ spec, pair, known }: Refused): Promise<Remedy | undefined> {
  if (!known) return undefined;
  for (const settings of SETTINGS) {
    const changed = { ...spec, overrides: { ...spec.overrides, ...settings } };
    if (!isSettled(changed) || (await exactOutlook(changed, pair, known)).impossible.length > 0) continue;
    const text = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    return { field: 'overrides', text: `Learn with ${text.join(' and ')} (overrides)` };
  }
  return undefined;
}

function isSettled({ preset, overrides }: ResolvedRunSpec): boolean {
  try {
    resolveLearnConfig(preset, overrides);
    return true;
  } catch {
    return false;
  }
}
