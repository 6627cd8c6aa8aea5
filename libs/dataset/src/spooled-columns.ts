import { byCodeUnits } from '@onescan/contract/code-units.js';
import { type ColumnSummary, canonicalise } from './column-profile.js';
import type { CandidateColumn, DatasetContent } from './dataset-content.js';
import type { SpoolReader } from './dataset-spool.js';
import { type FeatureValues, StoredValues } from './feature-values.js';

/** Consecutive spool columns that are gathered with one pass. */
const GATHER_COLUMNS = 125;

export interface SpooledColumn {
  /** In `content.columns`. */
  readonly position: number;
  /** As they are stored; valid until the next column is asked for. Infinities have become missing. */
  readonly values: FeatureValues;
  readonly summary: ColumnSummary;
}

/** The decoded values of every column that has some, in order; runs of neighbours in the spool are read together. */
export function* spooledColumns(content: DatasetContent, spool: SpoolReader): Generator<SpooledColumn> {
  const { columns } = content;
  const stored = new StoredValues();
  for (let start = 0; start < columns.length; ) {
    const place = columns[start]!.spool;
    if (!place) {
      start++;
      continue;
    }
    const count = runLength(columns, start);
    for (const [i, gathered] of spool.gather(place.table, place.column, count).entries()) {
      const candidate = columns[start + i]!;
      const values = gathered instanceof Float32Array ? gathered : stored.choose(gathered, candidate.type);
      if (candidate.encoding === 'ordinal' && candidate.exclusion === undefined)
        rankCodes(values, candidate.texts ?? []);
      yield { position: start + i, values, summary: canonicalise(values) };
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

/** Codes count texts in the order of their arrival; what is stored is their rank in sorted order. */
function rankCodes(values: FeatureValues, texts: readonly string[]): void {
  const order = texts.map((_, code) => code).sort((a, b) => byCodeUnits(texts[a]!, texts[b]!));
  const rank = new Float32Array(texts.length);
  order.forEach((code, position) => {
    rank[code] = position;
  });
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]!)) values[i] = rank[values[i]!]!;
  }
}
