import { LearnInputError } from '../errors/learn-input-error.js';
import { combinatorialPurged } from './combinatorial-purged.js';
import {
  developmentRows,
  finalSegmentStart,
  lockedStart,
  type ProtocolSettings,
} from './development-rows.js';
import { type LabelGeometry, spanEnd, spanStart } from './label-span.js';
import { rowsBefore } from './purge.js';
import { type Fold, walkForward } from './walk-forward.js';

export interface SegmentsInput {
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  /** Rows with all that scoring needs (target, baselines), in time order. */
  readonly usable: Uint32Array;
  readonly config: { readonly protocol: ProtocolSettings };
}

/** Groups of rows in time order, two of which are tested in every fold. */
export interface CombinatorialGroups {
  readonly groups: readonly Uint32Array[];
  /** The two groups that each fold tests, ascending. */
  readonly tested: readonly (readonly [number, number])[];
}

/** Which rows serve for what; all in time order. */
export interface ProtocolSegments {
  /** All rows anything may be fitted on before the end. */
  readonly development: Uint32Array;
  /** First part of the development rows, before all that folds test. */
  readonly selection: Uint32Array;
  /** Folds over the development rows after that part: walk-forward, or all choices of two groups. */
  readonly folds: readonly Fold[];
  /** Rows that the features of each fold's models may be selected on: all before it, or before the first group. */
  readonly foldSelection: readonly Uint32Array[];
  /** Null for walk-forward folds. */
  readonly combinatorial: CombinatorialGroups | null;
  /** The untouched segment that is scored: the final one, or the one that was locked. */
  readonly final: Uint32Array;
  /** Usable rows between development and final segment that are used for nothing. */
  readonly purgedRows: number;
}

/**
 * Cuts a pair's rows for one horizon: selection | folds | purge | final.
 *
 * @throws LearnInputError when a part would be empty
 */
export function protocolSegments({ bar, geometry, usable, config }: SegmentsInput): ProtocolSegments {
  const { selectionShare, embargoBars } = config.protocol;
  const start = finalSegmentStart(bar.length, config);
  const fitRows = developmentRows(bar, config);
  const limit = spanStart(bar[start]!, geometry) - embargoBars;
  const development = usable.filter((row) => row < fitRows && spanEnd(bar[row]!, geometry) < limit);
  const final = scoredRows({ bar, geometry, usable, config }, start);
  if (development.length === 0) {
    throw new LearnInputError(`horizon ${geometry.horizon} has no development row with a target`);
  }
  if (final.length === 0) {
    throw new LearnInputError(`horizon ${geometry.horizon} has no row with a target in the final segment`);
  }
  const initialRows = Math.floor(development.length * selectionShare);
  const selection = rowsBefore({
    rows: development.slice(0, initialRows),
    bar,
    geometry,
    first: development[initialRows]!,
    embargoBars,
  });
  const purgedRows = usable.filter((row) => row < final[0]!).length - development.length;
  const cut = cutFolds({ development, initialRows, bar, geometry, config });
  const foldSelection = cut.folds.map(({ test }) =>
    cut.combinatorial
      ? selection
      : rowsBefore({ rows: development, bar, geometry, first: test[0]!, embargoBars }),
  );
  return { development, selection, ...cut, foldSelection, final, purgedRows };
}

/** Models are the same whichever is scored; labels of the final segment share no bar with the locked one. */
function scoredRows({ bar, geometry, usable, config }: SegmentsInput, start: number): Uint32Array {
  const locked = lockedStart(bar.length, config);
  if (config.protocol.score === 'locked') return usable.filter((row) => row >= locked);
  if (locked === bar.length) return usable.filter((row) => row >= start);
  const limit = spanStart(bar[locked]!, geometry);
  return usable.filter((row) => row >= start && row < locked && spanEnd(bar[row]!, geometry) < limit);
}

interface CutInput extends Pick<SegmentsInput, 'bar' | 'geometry' | 'config'> {
  readonly development: Uint32Array;
  readonly initialRows: number;
}

/** Groups tested at a time: with two, every group has models that saw neither it nor any one other group. */
const TESTED_GROUPS = 2;
/** A third is needed to fit stacking weights on. */
export const FEWEST_GROUPS = 3;

function cutFolds({
  development,
  initialRows,
  bar,
  geometry,
  config,
}: CutInput): Pick<ProtocolSegments, 'folds' | 'combinatorial'> {
  const { folds, scheme, embargoBars } = config.protocol;
  const common = { bar, geometry, folds, embargoBars };
  if (scheme !== 'combinatorial') {
    const rolling = scheme === 'rolling' ? { rollingRows: initialRows } : {};
    return {
      folds: walkForward({ ...common, rows: development, initialRows, ...rolling }),
      combinatorial: null,
    };
  }
  if (folds < FEWEST_GROUPS) {
    throw new LearnInputError(
      `protocol.scheme=combinatorial tests two groups of rows and fits on others: set protocol.folds to ${FEWEST_GROUPS} or more, not ${folds}`,
    );
  }
  const splits = combinatorialPurged({
    ...common,
    rows: development.slice(initialRows),
    before: development.slice(0, initialRows),
    testFolds: TESTED_GROUPS,
  });
  const groups: Uint32Array[] = [];
  for (const { test, testFolds } of splits)
    for (const [k, group] of testFolds.entries()) groups[group] = test[k]!;
  return {
    folds: splits.map(({ train, test: [first, second] }) => ({
      train,
      test: Uint32Array.from([...first!, ...second!]),
    })),
    combinatorial: { groups, tested: splits.map(({ testFolds: [a, b] }) => [a!, b!] as const) },
  };
}
