import { resolveLearnConfig } from '@onescan/learn/learn-config.js';
import {
  type HorizonObstacle,
  type SampleOutlook,
  type SampleShape,
  sampleOutlook,
} from '@onescan/learn/sample-need.js';
import type { PairPlan, Plan } from '@onescan/shared/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/shared/run-spec.js';

/** Kind of the notes; plans count the notes of a kind. */
const NOTE = 'sample too small';

/**
 * Looks whether the samples of a plan can be learned, before anything is paid for.
 *
 * @returns the plan with a note for every pair of which horizons may not be learned
 * @throws OnescanError INVALID_ARGUMENT when no horizon of a pair can be, with the least rows that can
 */
export function checkSample(spec: ResolvedRunSpec, plan: Plan): Plan {
  const config = resolveLearnConfig(spec.preset, spec.overrides);
  const task = { horizons: spec.horizons, targetWindow: spec.targetWindow, config };
  // Pairs are much alike.
  const outlooks = new Map<string, SampleOutlook>();
  return {
    ...plan,
    pairs: plan.pairs.map((pair) => {
      const notes = pair.notes.filter(({ kind }) => kind !== NOTE);
      if (pair.periodRows === 0) return pair;
      const shape = shapeOf(pair);
      const columns = pair.includedColumns;
      const key = JSON.stringify({ ...shape, columns });
      const outlook = outlooks.get(key) ?? sampleOutlook(shape, { ...task, columns });
      outlooks.set(key, outlook);
      if (outlook.impossible.length === spec.horizons.length) throw tooSmall(spec, pair, outlook);
      return { ...pair, notes: [...notes, ...sampleNotes(outlook)] };
    }),
  };
}

/** To three digits. */
function shapeOf({ rows, periodRows, days, dayRows }: PairPlan): SampleShape {
  const rounded = (count: number): number => Number(count.toPrecision(3));
  const periodBars = rounded(periodRows);
  const drawn = days > 0 ? { days: { count: days, bars: rounded(dayRows) } } : {};
  return { rows: Math.min(rounded(rows), drawn.days?.bars ?? periodBars), periodBars, ...drawn };
}

function tooSmall(
  spec: ResolvedRunSpec,
  { pair, rows, days, periodRows }: PairPlan,
  { impossible, leastRows }: SampleOutlook,
): OnescanError {
  const taken = days > 0 ? `${rows} rows of ${days} whole days` : `${rows} of ${periodRows} rows`;
  const field = leastRows === undefined ? 'period' : 'sample.rows';
  return new OnescanError(
    'INVALID_ARGUMENT',
    `${field}: ${taken} of ${pair} cannot be learned with preset ${spec.preset}: ${impossible[0]!.reason}`,
    { remedy: remedyOf(leastRows, days), details: { field, pair } },
  );
}

function remedyOf(leastRows: number | undefined, days: number): string {
  if (leastRows === undefined) {
    return 'Take a longer period: no number of its rows is enough. Or learn with fewer folds or blocks (overrides)';
  }
  const spread = days > 0 ? ', or sample with strategy hash, whose rows lie further apart' : '';
  return `Set sample.rows to ${leastRows} or more${spread}`;
}

function sampleNotes({ impossible, doubtful, leastRows }: SampleOutlook): Plan['pairs'][number]['notes'] {
  const least = leastRows === undefined ? '' : `; about ${leastRows} rows are needed`;
  const note = (what: string, { horizon, reason }: HorizonObstacle, severity: number) => ({
    kind: NOTE,
    text: `h${horizon} ${what}: ${reason}${least}`,
    severity,
  });
  return [
    ...impossible.map((obstacle) => note('cannot be learned', obstacle, 2)),
    ...doubtful.map((obstacle) => note('may not be learned', obstacle, 1)),
  ];
}
