import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import { type Product, productMatrix } from '../interactions/product-columns.js';
import type { LeakReason, ShareSuspicion } from '../leaks/leak-reasons.js';
import { panelSuspects, retainedSuspects, type SecondLookInput } from '../leaks/retained-suspects.js';
import { refusedSuspect, tableOf } from '../leaks/table-suspects.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import { developmentRows } from '../splits/development-rows.js';
import type { WorkPool } from '../threads/work-pool.js';
import type { PairSelection, Selected } from './pair-selection.js';

/** What a horizon's selection is looked at with. */
export interface SecondLook {
  readonly pair: PairInput;
  readonly config: LearnConfig;
  readonly selection: PairSelection;
  readonly pool: WorkPool;
}

/**
 * Looks again at what was selected for a horizon, at its tables and its products, and at the final segment too. What is suspicious then is said with the rest;
 * where suspicious features are to be refused, features are selected anew without it, until nothing is.
 *
 * @param select features of the horizon, without those that the pair's selection was told to refuse
 * @throws CancelledError
 */
export function withSecondLook<Found extends Selected>(
  { pair, config, selection, pool }: SecondLook,
  horizon: number,
  select: () => Found,
  hooks: ProgressHooks,
): Found {
  const { matrix, bar, time, targetWindow, persistence, featureIds } = pair;
  const targets = pair.targets.filter((target) => target.horizon === horizon);
  const { honestShare, suspicious } = config.leaks;
  for (;;) {
    const found = select();
    const { leaks } = found;
    const candidates = [...found.selection.selected].sort((a, b) => a - b);
    if (candidates.length === 0) return found;
    const part = partOf(hooks, 1, 1);
    const input = { matrix, bar, time, rows: bar.length, targetWindow, targets, honestShare, persistence };
    const tested = selection.prune(pool).pruning.kept.filter((column) => !leaks.refused.has(column));
    const ofFeatures = new Map([
      ...panelSuspects(input, tablesOf(candidates, tested, featureIds), candidates, tested.length),
      ...retainedSuspects({ ...input, candidates }, pool, part),
    ]);
    const products = found.selection.interactions?.retained ?? [];
    const ofProducts = productSuspects(input, products, developmentRows(bar, config), pool, part);
    if (ofFeatures.size + ofProducts.size === 0) return found;
    if (suspicious === 'keep') {
      const all = [...ofFeatures, ...ofProducts, ...leaks.suspicious];
      return { ...found, leaks: { ...leaks, suspicious: new Map(all) } };
    }
    selection.refuse(horizon, refusedOf({ ofFeatures, ofProducts, products }, matrix.columns));
  }
}

/** Columns of the tables that some columns belong to. */
function tablesOf(
  retained: readonly number[],
  tested: readonly number[],
  featureIds: readonly string[],
): readonly number[][] {
  const tables = new Map(retained.map((column) => [tableOf(featureIds[column]!), [] as number[]]));
  for (const column of tested) tables.get(tableOf(featureIds[column]!))?.push(column);
  return [...tables.values()].filter((columns) => columns.length > 1).map(evenly);
}

/** Sums of products of all pairs of columns are kept. */
const MOST_PANEL_COLUMNS = 256;

function evenly(columns: readonly number[]): number[] {
  const step = Math.max(1, Math.ceil(columns.length / MOST_PANEL_COLUMNS));
  return columns.filter((_column, k) => k % step === 0);
}

/** What retained products say, by their place after the pair's features, as among the models' columns. */
function productSuspects(
  input: Omit<SecondLookInput, 'candidates'>,
  products: readonly Product[],
  fitRows: number,
  pool: WorkPool,
  hooks: ProgressHooks,
): Map<number, ShareSuspicion> {
  if (products.length === 0) return new Map();
  const { matrix } = productMatrix(input.matrix, products, fitRows);
  try {
    const candidates = [...products.keys()];
    const found = retainedSuspects({ ...input, matrix, candidates }, pool, hooks);
    return new Map([...found].map(([position, why]) => [input.matrix.columns + position, why]));
  } finally {
    matrix.release();
  }
}

/** Of a suspicious product both features are refused. */
function refusedOf(
  found: {
    readonly ofFeatures: ReadonlyMap<number, ShareSuspicion>;
    readonly ofProducts: ReadonlyMap<number, ShareSuspicion>;
    readonly products: readonly Product[];
  },
  features: number,
): Map<number, LeakReason> {
  const ofProducts = [...found.ofProducts].flatMap(([column, why]) =>
    found.products[column - features]!.columns.map((each) => [each, why] as const),
  );
  return new Map([...ofProducts, ...found.ofFeatures].map(([column, why]) => [column, refusedSuspect(why)]));
}
