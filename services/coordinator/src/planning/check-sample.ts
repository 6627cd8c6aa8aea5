import { setImmediate as turn } from 'node:timers/promises';
import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { obstacleText } from '@onescan/contract/reasons/note-reasons.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import {
  type HorizonObstacle,
  type KnownSample,
  knownOutlook,
  type LearnTask,
  type SampleOutlook,
  type SampleShape,
  sampleOutlook,
} from '@onescan/learn/sizing/sample-need.js';

/** What notes on samples are told by: new ones take the place of old ones. */
const SAMPLE_NOTE = 'sample_too_small';
const EFFECT_NOTE = 'smallest_effect';

/** What a refusal advises, and the field of the spec that it is about. */
export interface Remedy {
  readonly field: string;
  readonly text: string;
}

/**
 * Looks by their sizes alone whether the samples of a plan can be learned: for plans that cost nothing.
 *
 * @returns the plan with a note for every pair of which horizons may not be learned
 * @throws OnescanError INVALID_ARGUMENT when no horizon of a pair can be, with the least rows that can
 */
export function checkSample(spec: ResolvedRunSpec, plan: Plan): Plan {
  // Pairs are much alike.
  const outlooks = new Map<string, SampleOutlook>();
  const outlookOf = (pair: PairPlan): SampleOutlook => {
    const key = JSON.stringify({ ...shapeOf(pair), columns: pair.includedColumns });
    const outlook = outlooks.get(key) ?? expectedOutlook(spec, pair);
    outlooks.set(key, outlook);
    return outlook;
  };
  return {
    ...plan,
    pairs: plan.pairs.map((pair) => {
      if (pair.periodRows === 0) return pair;
      const outlook = outlookOf(pair);
      if (isHopeless(spec, outlook)) throw sampleRefusal(spec, pair, outlook);
      return withSampleNotes(pair, outlook);
    }),
  };
}

/** What learning a pair would come to, by the size of its sample. */
export function expectedOutlook(spec: ResolvedRunSpec, pair: PairPlan): SampleOutlook {
  return sampleOutlook(shapeOf(pair), learnTask(spec, pair));
}

/** What learning a pair will come to, by its very rows; others have their turn after each horizon. */
export async function exactOutlook(
  spec: ResolvedRunSpec,
  pair: PairPlan,
  known: KnownSample,
): Promise<SampleOutlook> {
  const impossible: HorizonObstacle[] = [];
  const doubtful: HorizonObstacle[] = [];
  let smallest: SampleOutlook['smallest'];
  for (const horizon of spec.horizons) {
    const found = knownOutlook(known, { ...learnTask(spec, pair), horizons: [horizon] });
    impossible.push(...found.impossible);
    doubtful.push(...found.doubtful);
    if (found.smallest && !(smallest && smallest.auc >= found.smallest.auc)) smallest = found.smallest;
    await turn();
  }
  return { impossible, doubtful, leastRows: undefined, smallest };
}

function learnTask(
  { horizons, targetWindow, preset, overrides }: ResolvedRunSpec,
  pair: PairPlan,
): LearnTask {
  const config = resolveLearnConfig(preset, overrides);
  return { horizons, targetWindow, config, columns: pair.includedColumns };
}

/** True when no horizon can be learned. */
export function isHopeless(spec: ResolvedRunSpec, { impossible }: SampleOutlook): boolean {
  return impossible.length === spec.horizons.length;
}

/** To three digits. */
function shapeOf({ rows, periodRows, days, dayRows }: PairPlan): SampleShape {
  const rounded = (count: number): number => Number(count.toPrecision(3));
  const periodBars = rounded(periodRows);
  const drawn = days > 0 ? { days: { count: days, bars: rounded(dayRows) } } : {};
  return { rows: Math.min(rounded(rows), drawn.days?.bars ?? periodBars), periodBars, ...drawn };
}

/** @param remedy default: by the least rows of the outlook */
export function sampleRefusal(
  spec: ResolvedRunSpec,
  { pair, rows, days, periodRows }: PairPlan,
  { impossible, leastRows }: SampleOutlook,
  remedy: Remedy = remedyByRows(leastRows, days),
): OnescanError {
  const taken = days > 0 ? `${rows} rows of ${days} whole days` : `${rows} of ${periodRows} rows`;
  const { field, text } = remedy;
  return new OnescanError(
    'INVALID_ARGUMENT',
    `${field}: ${taken} of ${pair} cannot be learned with preset ${spec.preset}: ${obstacleText(obstacleFacts(impossible[0]!))}`,
    { remedy: text, details: { field, pair } },
  );
}

function remedyByRows(leastRows: number | undefined, days: number): Remedy {
  if (leastRows === undefined) {
    const text =
      'Take a longer period: no number of its rows is enough. Or learn with fewer folds or blocks (overrides)';
    return { field: 'period', text };
  }
  const spread = days > 0 ? ', or sample with strategy hash, whose rows lie further apart' : '';
  return { field: 'sample.rows', text: `Set sample.rows to ${leastRows} or more${spread}` };
}

/** A pair with notes of what its outlook says, instead of those that it had. */
export function withSampleNotes(pair: PairPlan, outlook: SampleOutlook): PairPlan {
  const notes = pair.notes.filter(({ why }) => why?.code !== SAMPLE_NOTE && why?.code !== EFFECT_NOTE);
  return { ...pair, notes: [...notes, ...sampleNotes(outlook), ...effectNotes(pair, outlook)] };
}

function sampleNotes({ impossible, doubtful, leastRows }: SampleOutlook): PairPlan['notes'] {
  const least = leastRows === undefined ? {} : { leastRows };
  const note = (found: HorizonObstacle, certain: boolean) => {
    const facts = { horizon: found.horizon, certain, ...obstacleFacts(found), ...least };
    return planNote({ code: SAMPLE_NOTE, facts }, certain ? 2 : 1);
  };
  return [
    ...impossible.map((obstacle) => note(obstacle, true)),
    ...doubtful.map((obstacle) => note(obstacle, false)),
  ];
}

/** What the sample would show, in the rows that are drawn from so many. */
function effectNotes({ rows, periodRows }: PairPlan, { smallest }: SampleOutlook): PairPlan['notes'] {
  if (!smallest || !Number.isFinite(smallest.gain)) return [];
  // Three digits: pairs whose periods differ a little say the same.
  const rounded = (value: number): number => Number(value.toPrecision(3));
  const { horizon, gain, auc } = smallest;
  const facts = {
    ...{ rows: rounded(rows), periodRows: rounded(periodRows), horizon },
    ...{ gain: rounded(gain), auc: rounded(auc) },
  };
  return [planNote({ code: EFFECT_NOTE, facts })];
}

function obstacleFacts({ obstacle: { kind: obstacle, ...found } }: HorizonObstacle) {
  return { obstacle, ...found };
}
