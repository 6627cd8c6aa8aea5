import { estimateBinnedBytes } from '../binning/binned-bytes.js';
import type { LearnConfig } from '../config/learn-config.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { boostedFolds } from '../selection/boosted-frequencies.js';
import { developmentRows } from '../splits/development-rows.js';
import { innerSplit } from '../splits/inner-split.js';
import type { LabelGeometry } from '../splits/label-span.js';
import { type ProtocolSegments, protocolSegments } from '../splits/protocol-segments.js';
import { blockDesign } from '../stability/block-design.js';
import { affordableDesign } from '../stability/error-bounds.js';
import { requireRowsInBlocks } from '../stability/place-target.js';
import { requireShadowRows } from '../stability/shadow-target.js';
import { timeBlocks } from '../stability/time-blocks.js';
import { requireStackRows } from '../stacking/require-stack-rows.js';

/** What decides whether a horizon can be learned: all but the values themselves. */
export interface LearnableInput {
  /** Ordinal of every row's bar. */
  readonly bar: Int32Array;
  /** Rows with target, known part and persistence, in time order. */
  readonly usable: Uint32Array;
  /** Feature columns; pruning and leaks may leave fewer. */
  readonly columns: number;
  readonly geometry: LabelGeometry;
  readonly config: LearnConfig;
}

/**
 * Checks all that learning a horizon asks of rows, columns and settings, by the functions that learn: cuts, purges,
 * embargoes, folds and their inner splits, blocks of time, subsamples and their error bound, stacks. Learning begins with
 * it, and planning asks it before anything is paid for.
 *
 * @returns the cuts
 * @throws LearnInputError saying what is lacking
 */
export function requireLearnable({
  bar,
  usable,
  columns,
  geometry,
  config,
}: LearnableInput): ProtocolSegments {
  const { protocol, binning } = config;
  if (geometry.horizon > protocol.purgeBars) {
    throw new LearnInputError(
      `horizon ${geometry.horizon} is longer than protocol.purgeBars (${protocol.purgeBars}): ` +
        `set protocol.purgeBars=${geometry.horizon} or more`,
    );
  }
  requireColumns(columns, config);
  estimateBinnedBytes(bar.length, columns, binning.bins);
  const segments = protocolSegments({ bar, geometry, usable, config });
  const { selection, development } = segments;
  const share = Math.floor(developmentRows(bar, config) * protocol.selectionShare);
  requireSelectable(selection, share, { bar, geometry, config });
  if (config.select.nested === 'yes')
    requireSelectable(development, developmentRows(bar, config), { bar, geometry, config });
  for (const { train } of segments.folds) innerSplit(train, bar, geometry, protocol.innerShare);
  requireStackRows(segments, { bar, geometry, config });
  return segments;
}

/** @throws LearnInputError when so few columns cannot be selected from within the error bound */
export function requireColumns(columns: number, { select }: Pick<LearnConfig, 'select'>): void {
  if (select.method !== 'stability' || canSelectFrom(columns, { select })) return;
  const level = select.maxFalse / select.methods.length;
  throw new LearnInputError(
    `no selection of ${columns} feature ${columns === 1 ? 'column' : 'columns'} by ${select.methods.join(',')} keeps the ` +
      `expected false selections within ${level} a method (select.maxFalse=${select.maxFalse})`,
  );
}

/** Whether stability selection can keep its error bound among so many candidates. */
export function canSelectFrom(candidates: number, { select }: Pick<LearnConfig, 'select'>): boolean {
  const { threshold, pairs, maxFalse, methods, bound } = select;
  const design = { p: candidates, threshold, pairs };
  return candidates > 0 && affordableDesign(design, maxFalse / methods.length, bound) !== undefined;
}

/** @param fitted leading rows that blocks of time are made of */
function requireSelectable(
  rows: Uint32Array,
  fitted: number,
  { bar, geometry, config }: Pick<LearnableInput, 'bar' | 'geometry' | 'config'>,
): void {
  const { select, interactions } = config;
  const isStable = select.method === 'stability';
  if (!isStable) boostedFolds({ rows, bar, geometry });
  if (!isStable && interactions.features < 2) return;
  const blocks = timeBlocks(blockDesign({ bar, rows: fitted, targetWindow: geometry.targetWindow, config }));
  const used = rows.filter((row) => row < fitted);
  if (isStable) requireRowsInBlocks(blocks, used);
  const inBlocks = used.filter((row) => blocks.some(({ begin, end }) => row >= begin && row < end));
  requireShadowRows(interactions.features > 1 ? inBlocks : used);
}
