import { formatBytes } from '@onescan/contract/format/bytes.js';
import type { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { loadingBytes } from '@onescan/dataset/read-width.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { estimateFootprint } from '@onescan/learn/sizing/footprint.js';

/** What a trainer has to learn with. */
export interface TrainerRoom {
  readonly memoryLimitBytes: bigint;
  readonly threads: number;
}

const MIB = 1024n ** 2n;

/**
 * Refuses a pair that no trainer would admit with the memory of the spec, by the arithmetic that trainers admit by.
 *
 * @param trainers those that are connected; without any the memory of the spec alone counts
 * @throws OnescanError INVALID_ARGUMENT naming memoryPerWorkerBytes and what it would take
 */
export function checkMemory(
  spec: ResolvedRunSpec,
  { pair, rows, includedColumns: columns }: PairPlan,
  trainers: readonly TrainerRoom[],
): void {
  const config = resolveLearnConfig(spec.preset, spec.overrides);
  const neededBy = (threads: number): bigint =>
    BigInt(
      estimateFootprint({ rows, columns, config, threads, loadingBytes: loadingBytes(rows, columns) })
        .processBytes,
    );
  if (columns === 0 || rows === 0) return;
  const rooms =
    trainers.length > 0 ? trainers : [{ memoryLimitBytes: spec.memoryPerWorkerBytes, threads: 1 }];
  const isTooSmall = ({ memoryLimitBytes, threads }: TrainerRoom, limit: bigint): boolean =>
    neededBy(threads) > (memoryLimitBytes < limit ? memoryLimitBytes : limit);
  if (rooms.some((room) => !isTooSmall(room, spec.memoryPerWorkerBytes))) return;
  const least = rooms.map(({ threads }) => neededBy(threads)).reduce((a, b) => (a < b ? a : b));
  // Whole MiB, so that what is advised is enough.
  const enough = ((least + MIB - 1n) / MIB) * MIB;
  const size = `${rows} rows x ${columns} columns of ${pair} need ${formatBytes(Number(least))} of memory to learn`;
  const needsTrainers =
    trainers.length > 0 && trainers.every((room) => isTooSmall(room, room.memoryLimitBytes));
  const limit = needsTrainers
    ? `no connected trainer has more than ${formatBytes(Number(largest(trainers)))}`
    : `memoryPerWorkerBytes is ${formatBytes(Number(spec.memoryPerWorkerBytes))}`;
  throw new OnescanError('INVALID_ARGUMENT', `memoryPerWorkerBytes: ${size}, ${limit}`, {
    remedy: remedyOf(enough, { needsTrainers, specIsEnough: spec.memoryPerWorkerBytes >= enough }),
    details: { field: 'memoryPerWorkerBytes', pair },
  });
}

function largest(trainers: readonly TrainerRoom[]): bigint {
  return trainers.map((room) => room.memoryLimitBytes).reduce((a, b) => (a > b ? a : b));
}

function remedyOf(enough: bigint, of: { needsTrainers: boolean; specIsEnough: boolean }): string {
  const size = `${enough / MIB}MiB`;
  const start = `Start trainers with --memory-limit ${size} or more`;
  const set = `memoryPerWorkerBytes to ${enough} (--memory-per-worker ${size}) or more`;
  const more = of.specIsEnough ? start : of.needsTrainers ? `${start} and set ${set}` : `Set ${set}`;
  return `${more}, or test fewer columns (universe.exclude)`;
}
