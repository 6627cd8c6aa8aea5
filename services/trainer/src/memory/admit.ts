import { formatBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { loadingBytes } from '@onescan/dataset/read-width.js';
import type { LearnConfig } from '@onescan/learn/config/learn-config.js';
import {
  estimateFootprint,
  type Footprint,
  IDLE_BYTES,
  KEPT_SHARE,
} from '@onescan/learn/sizing/footprint.js';

export interface AdmissionInput {
  rows: number;
  /** Included feature columns. */
  columns: number;
  config: LearnConfig;
  /** Threads to learn on. Default 1. */
  threads?: number;
}

/** Detail by which arithmetic that does not come out is told from other things that are exhausted. */
const ARITHMETIC_DETAIL = { exhausted: 'memory-reckoned' } as const;

/** True for what {@link admit} throws: another try with the same memory is refused again. */
export function isDoesNotFit({ code, details }: OnescanError): boolean {
  return code === 'RESOURCE_EXHAUSTED' && details.exhausted === ARITHMETIC_DETAIL.exhausted;
}

/**
 * Refuses what cannot fit, before anything is loaded.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED with the arithmetic
 */
export function admit(input: AdmissionInput, limitBytes: number): Footprint {
  const { rows, columns } = input;
  const footprint = estimateFootprint({ ...input, loadingBytes: loadingBytes(rows, columns) });
  if (footprint.processBytes <= limitBytes) return footprint;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `${rows} rows x ${columns} columns need ${footprintText(footprint, limitBytes)}`,
    {
      remedy: 'Raise the memory of the trainers, sample fewer rows, or exclude columns',
      details: ARITHMETIC_DETAIL,
    },
  );
}

function footprintText(footprint: Footprint, limitBytes: number): string {
  const { heapBytes, binnedBytes, rowsBytes, loadingBytes, learningBytes, processBytes } = footprint;
  return (
    `${formatBytes(processBytes)}, the limit is ${formatBytes(limitBytes)}: ` +
    `process ${formatBytes(IDLE_BYTES)} + ${100 + 100 * KEPT_SHARE} % of (heaps ${formatBytes(heapBytes)} ` +
    `+ bins ${formatBytes(binnedBytes)} + keys and targets ${formatBytes(rowsBytes)} ` +
    `+ the larger of loading ${formatBytes(loadingBytes)} and learning ${formatBytes(learningBytes)})`
  );
}
