import { OnescanError } from '../onescan-error.js';
import { type ColumnProfile, canonicalise, profileColumn } from './column-profile.js';
import type { DatasetColumn } from './dataset.js';
import type { CandidateColumn, DatasetContent, WriteHooks } from './dataset-content.js';
import type { SpoolReader } from './dataset-spool.js';
import { repeatedTarget } from './target-copy.js';

/** Most distinct texts of a column that is encoded by the order of its texts. */
export const MAX_ORDINAL_TEXTS = 64;

/** Stage of exclusions in `_columns` and in the ledger. */
const EXCLUSION_STAGE = 'plan';

export interface JudgedColumn extends DatasetColumn {
  /** Infinite values, which were made missing. */
  infinite: number;
  candidate: CandidateColumn;
}

/** Consecutive spool columns that are gathered with one pass. */
export const GATHER_COLUMNS = 125;

const NOT_MEASURED: ColumnProfile = {
  nullShare: Number.NaN,
  min: Number.NaN,
  max: Number.NaN,
  mean: Number.NaN,
  deviation: Number.NaN,
  contentSha256: '',
};

/**
 * Decides for every column of the universe whether it is included, and measures those that are: the first
 * of the writer's two passes over the spool.
 */
export function judgeColumns(content: DatasetContent, spool: SpoolReader, hooks: WriteHooks): JudgedColumn[] {
  const targets = new Map(content.targets.map(({ horizon, values }) => [horizon, Float32Array.from(values)]));
  const judged = content.columns.map((candidate) => excluded(candidate, candidate.exclusionReason ?? ''));
  let done = 0;
  forEachSpooled(content, spool, content.columns, (position, values, infinite) => {
    if (hooks.isCancelled?.()) throw new OnescanError('CANCELLED', 'writing the dataset was cancelled');
    judged[position] = judge(content.columns[position]!, { values, infinite }, targets);
    done++;
    hooks.onProgress?.('profile', done, content.columns.length);
  });
  return judged;
}

/**
 * Calls `visit` with the decoded values of every column that has some, in the order of `columns`; runs of
 * neighbours in the spool are read together. Infinities have become missing; `infinite` counts them. `values` is valid only during the call.
 */
export function forEachSpooled(
  content: DatasetContent,
  spool: SpoolReader,
  columns: readonly CandidateColumn[],
  visit: (position: number, values: Float32Array, infinite: number) => void,
): void {
  const rows = content.keys.length;
  const buffer = new Float32Array(GATHER_COLUMNS * rows);
  for (let start = 0; start < columns.length; ) {
    const place = columns[start]!.spool;
    if (!place) {
      start++;
      continue;
    }
    const count = runLength(columns, start);
    spool.gather(place.table, place.column, count, buffer);
    for (let i = 0; i < count; i++) {
      const values = buffer.subarray(i * rows, (i + 1) * rows);
      const candidate = columns[start + i]!;
      if (candidate.encoding === 'ordinal') rankCodes(values, candidate.texts ?? []);
      visit(start + i, values, canonicalise(values));
    }
    start += count;
  }
}

function runLength(columns: readonly CandidateColumn[], start: number): number {
  const first = columns[start]!.spool!;
  let count = 1;
  while (count < GATHER_COLUMNS) {
    const next = columns[start + count]?.spool;
    if (next?.table !== first.table || next.column !== first.column + count) break;
    count++;
  }
  return count;
}

function judge(
  candidate: CandidateColumn,
  { values, infinite }: { values: Float32Array; infinite: number },
  targets: ReadonlyMap<number, Float32Array>,
): JudgedColumn {
  if (candidate.exclusionReason) return excluded(candidate, candidate.exclusionReason);
  const profile = profileColumn(values);
  const horizon = repeatedTarget(values, targets);
  if (horizon !== null) {
    return excluded(candidate, `its values equal the target of horizon ${horizon}: it holds the future`);
  }
  return {
    ...describe(candidate),
    encoding: encodingText(candidate),
    included: true,
    exclusionStage: '',
    exclusionReason: '',
    ...profile,
    infinite,
    candidate,
  };
}

function excluded(candidate: CandidateColumn, reason: string): JudgedColumn {
  return {
    ...describe(candidate),
    encoding: '',
    included: false,
    exclusionStage: EXCLUSION_STAGE,
    exclusionReason: reason,
    ...NOT_MEASURED,
    infinite: 0,
    candidate,
  };
}

function describe(candidate: CandidateColumn): { featureId: string; group: string; type: string } {
  return { featureId: candidate.featureId, group: candidate.group, type: candidate.type };
}

function encodingText(candidate: CandidateColumn): string {
  if (candidate.encoding !== 'ordinal') return candidate.encoding;
  return JSON.stringify({ ordinal: [...(candidate.texts ?? [])].sort(byCodeUnits) });
}

/** Codes count texts in the order of their arrival; what is stored is their rank in sorted order. */
function rankCodes(values: Float32Array, texts: readonly string[]): void {
  const order = texts.map((_, code) => code).sort((a, b) => byCodeUnits(texts[a]!, texts[b]!));
  const rank = new Float32Array(texts.length);
  order.forEach((code, position) => {
    rank[code] = position;
  });
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]!)) values[i] = rank[values[i]!]!;
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
