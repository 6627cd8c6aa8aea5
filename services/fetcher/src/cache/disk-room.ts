import { statfs } from 'node:fs/promises';
import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { diskFull } from '@onescan/contract/onescan-error.js';
import { littleDiskText } from '@onescan/contract/reasons/note-reasons.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ReasonFacts } from '@onescan/contract/reasons/reason.js';
import type { PlannedPair } from '../planning/plan-pair.js';
import { samplePartWidth } from '../sql/fetch-query.js';

/**
 * Of a value in the spool, which holds doubles, and in the dataset, which is written while the spool is there and holds
 * float32 but for few columns; with what both hold besides.
 */
const SPOOL_BYTES_A_VALUE = 8.4;
const DATASET_BYTES_A_VALUE = 4.3;

/** What is to be written. */
export interface DatasetSize {
  readonly pair: string;
  readonly rows: number;
  /** Of features and targets. */
  readonly columns: number;
}

/** The size of a planned dataset. */
export function plannedSize({
  pair,
  statements,
  rowsAtMost,
}: Pick<PlannedPair, 'pair' | 'statements' | 'rowsAtMost'>): DatasetSize {
  const columns = statements.reduce(
    (sum, { query }) =>
      query.tables.reduce(
        (all, table) => all + table.numbers.length + table.texts.length,
        sum + samplePartWidth(query),
      ),
    0,
  );
  return { pair, rows: rowsAtMost, columns };
}

/** Bytes of disk that making a dataset takes, about. */
export function diskNeed({ rows, columns }: DatasetSize): number {
  return Math.ceil(rows * columns * (SPOOL_BYTES_A_VALUE + DATASET_BYTES_A_VALUE));
}

/** A note when the disk of a folder has no room for a dataset now. */
export async function diskNotes(folder: string, size: DatasetSize): Promise<PlanNote[]> {
  const short = await shortage(folder, size);
  return short ? [planNote({ code: 'little_disk', facts: short })] : [];
}

/**
 * Checks that the disk of the cache folder has room for a dataset, before anything is paid for it.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED with the folder and both figures
 */
export async function requireDiskRoom(folder: string, size: DatasetSize): Promise<void> {
  const short = await shortage(folder, size);
  if (!short) return;
  throw diskFull(`${littleDiskText(short)}: nothing was sent`, {
    remedy:
      'Free space there, give the fetcher another folder with --cache, or sample fewer rows; then resume',
  });
}

async function shortage(folder: string, size: DatasetSize): Promise<ReasonFacts<'little_disk'> | undefined> {
  const need = diskNeed(size);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= need) return undefined;
  return { pair: size.pair, need, folder, free };
}
