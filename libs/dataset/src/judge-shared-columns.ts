import { OnescanError } from '@onescan/contract/onescan-error.js';
import { canonicalise } from './column-profile.js';
import type { DatasetColumn } from './dataset.js';
import type { CandidateColumn, DatasetContent, WriteHooks } from './dataset-content.js';
import { type FeatureValues, StoredValues } from './feature-values.js';
import { excludedColumn, judgeColumn, type PairTargets } from './judge-columns.js';
import { keyRows, RowGatherer } from './key-rows.js';
import { openDataset } from './open-dataset.js';
import { ordinalTexts, recode, textsInUse } from './ordinal-texts.js';

const MICROS_PER_MILLI = 1000;

/**
 * Judges the shared columns of a pair's dataset by their values in its own rows, as if it held them: statistics, hash,
 * codes of texts, and whether one repeats a target of the pair.
 *
 * @param into.judged receives the judgements at the positions of `content.columns`
 * @throws OnescanError FAILED_PRECONDITION when the shared dataset lacks a column, DATA_LOSS when it lacks a key
 */
export async function judgeSharedColumns(
  content: DatasetContent,
  path: string,
  into: { judged: DatasetColumn[]; targets: PairTargets; hooks: WriteHooks },
): Promise<void> {
  const { judged, targets, hooks } = into;
  const shared = await openDataset(path);
  try {
    const positions = positionsIn(content.columns, shared.columns, path);
    const { time } = await shared.readKeys();
    const keys = Float64Array.from(content.keys, (key) => Number(key) / MICROS_PER_MILLI);
    const rows = keyRows(keys, time);
    requireAllKeys(rows, path);
    for (const [position, column] of positions.excluded) {
      judged[position] = excludedColumn(content.columns[position]!, column.exclusion!);
    }
    const gather = new RowGatherer(rows);
    const stored = new StoredValues();
    let done = 0;
    await shared.readFeatures((sharedPosition, all) => {
      if (hooks.isCancelled?.()) throw new OnescanError('CANCELLED', 'writing the dataset was cancelled');
      const position = positions.included.get(sharedPosition);
      if (position === undefined) return;
      const gathered = gather.take(all);
      const column = shared.included[sharedPosition]!;
      const candidate = decode(content.columns[position]!, column, gathered);
      const values = gathered instanceof Float32Array ? gathered : stored.choose(gathered, candidate.type);
      const summary = { ...canonicalise(values), infinite: column.infinite };
      const judgement = judgeColumn(candidate, { values, summary }, targets);
      judged[position] = judgement.included ? { ...judgement, sharedPosition } : judgement;
      hooks.onProgress?.('write', ++done, positions.included.size);
    });
  } finally {
    shared.close();
  }
}

/** The candidate as the shared dataset encodes it; codes of texts become those among the texts of these rows. */
function decode(candidate: CandidateColumn, column: DatasetColumn, values: FeatureValues): CandidateColumn {
  const all = ordinalTexts(column.encoding);
  if (!all) return { ...candidate, encoding: column.encoding === 'bool' ? 'bool' : 'number' };
  const texts = textsInUse(values, all);
  recode(values, all, texts);
  return { ...candidate, encoding: 'ordinal', texts };
}

interface SharedPositions {
  /** Position in the pair's universe by position in the shared matrix. */
  readonly included: Map<number, number>;
  /** The shared dataset's judgement by position in the pair's universe. */
  readonly excluded: Map<number, DatasetColumn>;
}

function positionsIn(
  columns: readonly CandidateColumn[],
  shared: readonly DatasetColumn[],
  path: string,
): SharedPositions {
  const wanted = new Map<string, number>();
  for (const [position, { featureId, isShared }] of columns.entries()) {
    if (isShared) wanted.set(featureId, position);
  }
  const included = new Map<number, number>();
  const excluded = new Map<number, DatasetColumn>();
  let matrix = 0;
  for (const column of shared) {
    const sharedPosition = column.included ? matrix++ : -1;
    const position = wanted.get(column.featureId);
    if (position === undefined) continue;
    wanted.delete(column.featureId);
    if (column.included) included.set(sharedPosition, position);
    else excluded.set(position, column);
  }
  const [missing] = wanted.keys();
  if (missing === undefined) return { included, excluded };
  throw new OnescanError('FAILED_PRECONDITION', `shared dataset ${path} lacks the column ${missing}`, {
    remedy: 'The warehouse changed between the fetches: plan the run again',
  });
}

function requireAllKeys(rows: Int32Array, path: string): void {
  const missing = rows.reduce((count, row) => count + (row < 0 ? 1 : 0), 0);
  if (missing === 0) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `shared dataset ${path} lacks ${missing} of ${rows.length} sampled keys`,
    { remedy: 'The warehouse changed between the fetches: plan the run again' },
  );
}
