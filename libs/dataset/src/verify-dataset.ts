import { OnescanError } from '@onescan/contract/onescan-error.js';
import { canonicalise, canonicaliseDoubles, combineHashes, hashValues } from './column-profile.js';
import { type OpenDataset, SHARED_PAIR } from './dataset.js';
import {
  BAR_COLUMN,
  KEY_COLUMN,
  knownPartColumn,
  PERSISTENCE_COLUMN,
  targetValueColumn,
} from './dataset-layout.js';
import type { FeatureValues } from './feature-values.js';
import { openDataset } from './open-dataset.js';

export interface VerifyOptions {
  expectedId?: string;
  onProgress?(done: number, total: number): void;
  isCancelled?(): boolean;
}

export interface DatasetVerdict {
  ok: boolean;
  problems: string[];
  columnsChecked: number;
  /** What ended the reading, also among the problems. */
  damage?: OnescanError;
}

const MICROS_PER_MILLI = 1000;
/** More mismatches than this are only counted. */
const MAX_PROBLEMS_NAMED = 20;

/**
 * Reads every value of a dataset file and compares all content hashes. Damage is reported in the result,
 * not thrown.
 *
 * @throws OnescanError NOT_FOUND when there is no file, FAILED_PRECONDITION when it is another dataset or
 *   another format version, CANCELLED
 */
export async function verifyDataset(path: string, options: VerifyOptions = {}): Promise<DatasetVerdict> {
  const problems: string[] = [];
  let columnsChecked = 0;
  let dataset: OpenDataset | undefined;
  let damage: OnescanError | undefined;
  try {
    dataset = await openDataset(
      path,
      options.expectedId === undefined ? {} : { expectedId: options.expectedId },
    );
    const { included } = dataset;
    const hashes = await rowHashes(dataset);
    await dataset.readFeatures((position, values) => {
      if (options.isCancelled?.()) throw new OnescanError('CANCELLED', 'verifying was cancelled');
      const column = included[position]!;
      const contentSha256 = contentHash(values, column.contentSha256);
      if (contentSha256 !== column.contentSha256) problems.push(`${column.featureId} has other values`);
      hashes.push({ name: column.featureId, contentSha256 });
      columnsChecked++;
      options.onProgress?.(columnsChecked, included.length);
    });
    problems.push(...(await withheldProblems(dataset)));
    if (problems.length === 0 && combineHashes(hashes) !== dataset.meta.contentSha256) {
      problems.push('keys, targets or baselines have other values');
    }
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    if (error.code !== 'DATA_LOSS') throw error;
    problems.push(error.message);
    damage = error;
  } finally {
    dataset?.close();
  }
  const named = problems.slice(0, MAX_PROBLEMS_NAMED);
  if (problems.length > named.length) named.push(`and ${problems.length - named.length} more`);
  return { ok: problems.length === 0, problems: named, columnsChecked, ...(damage ? { damage } : {}) };
}

async function withheldProblems(dataset: OpenDataset): Promise<string[]> {
  const problems: string[] = [];
  const { withheld } = await dataset.readReserve();
  const kept = withheld.filter(({ position }) => position !== undefined);
  await dataset.readWithheld(kept.length, (position, values) => {
    const { ordinal, contentSha256 } = kept[position]!;
    if (contentHash(values, contentSha256) === contentSha256) return;
    problems.push(`${dataset.columns[ordinal]!.featureId}, which is excluded, has other values`);
  });
  return problems;
}

/**
 * Hash of a column as read. What was written is canonical, and so is what is read from uncompressed columns:
 * only other values are looked at one by one, since a compressed zero may come back as -0.
 */
function contentHash(values: FeatureValues, recorded: string): string {
  const asRead = hashValues(values);
  if (asRead === recorded) return asRead;
  return canonicalise(values).infinite > 0 ? asRead : hashValues(values);
}

async function rowHashes(dataset: OpenDataset): Promise<{ name: string; contentSha256: string }[]> {
  const { time, bar } = await dataset.readKeys();
  const micros = BigInt64Array.from(time, (millis) => BigInt(Math.round(millis * MICROS_PER_MILLI)));
  const key = { name: KEY_COLUMN, contentSha256: hashValues(micros) };
  if (dataset.meta.pair === SHARED_PAIR) return [key];
  const doubles: [string, Float64Array][] = [[PERSISTENCE_COLUMN, await dataset.readPersistence()]];
  for (const horizon of dataset.meta.horizons) {
    doubles.push([targetValueColumn(horizon), await dataset.readTarget(horizon)]);
  }
  for (const horizon of dataset.meta.overlapHorizons) {
    doubles.push([knownPartColumn(horizon), (await dataset.readKnownPart(horizon))!]);
  }
  return [
    key,
    { name: BAR_COLUMN, contentSha256: hashValues(bar) },
    ...doubles.map(([name, values]) => {
      canonicaliseDoubles(values);
      return { name, contentSha256: hashValues(values) };
    }),
  ];
}
