import type { BaselineName } from '../baselines/fit-baselines.js';
import type { CalendarSums } from '../scoring/calendar-sums.js';
import type { FinalScores } from '../scoring/final-scores.js';
import { type EstimateJson, jsonNumber, scoresJson } from './estimate-json.js';

export interface SkillJson {
  readonly level: number;
  readonly bestBaseline: BaselineName;
  readonly logLossBaseline: BaselineName;
  /** Null where no model had an opinion that could be tested, as are edge and p-values. */
  readonly logLossGain: EstimateJson;
  readonly baselineGain: EstimateJson;
  readonly accuracyGain: EstimateJson;
  readonly unknownEdge: EstimateJson;
  /** Largest unknown edge of an honest panel of features. */
  readonly honestEdge: number;
  readonly pValue: Readonly<Record<'gain' | 'edge' | 'both', number | null>>;
  readonly detectable: Readonly<Record<'gain' | 'auc', number | null>>;
  readonly blockRows: number;
  readonly blocks: number;
  readonly degrees: number | null;
  readonly calendar: CalendarJson | null;
}

/** What the rows of each cell of calendar time add to gain and edge: what runs resample. */
export interface CalendarJson {
  /** Milliseconds a cell. */
  readonly cell: number;
  /** Number of the first cell: its begin in epoch milliseconds over the cell's length. */
  readonly first: number;
  readonly gain: readonly number[];
  readonly edge: readonly number[];
}

/** What the verdict is taken from, and what runs take all their verdicts together with. */
export function skillJson(level: number, scores: FinalScores): SkillJson {
  const { logLossGain, baselineGain, accuracyGain, unknownEdge, logLossBaseline, accuracyBaseline } =
    scores.skill;
  const { honestEdge, pValue, detectable, degrees, calendar } = scores.skill;
  return {
    level,
    bestBaseline: accuracyBaseline.name,
    logLossBaseline,
    ...scoresJson({
      logLossGain: calendar ? logLossGain : NOT_TESTED,
      baselineGain,
      accuracyGain,
      unknownEdge,
    }),
    honestEdge,
    pValue: {
      gain: jsonNumber(pValue.gain),
      edge: jsonNumber(pValue.edge),
      both: jsonNumber(pValue.both),
    },
    detectable: { gain: jsonNumber(detectable.gain), auc: jsonNumber(detectable.auc) },
    blockRows: scores.blockRows,
    blocks: scores.blocks,
    degrees: jsonNumber(degrees),
    calendar: calendar && calendarJson(calendar),
  };
}

const NOT_TESTED = { value: Number.NaN, low: Number.NaN, high: Number.NaN, standardError: Number.NaN };

/** Digits of influences that are kept: resampling needs no more, and documents stay small. */
const INFLUENCE_DIGITS = 6;

function calendarJson({ cell, first, sums }: CalendarSums<'gain' | 'edge'>): CalendarJson {
  const rounded = (values: Float64Array) =>
    Array.from(values, (value) => Number(value.toPrecision(INFLUENCE_DIGITS)) + 0);
  return { cell, first, gain: rounded(sums.gain), edge: rounded(sums.edge) };
}
