import type { HorizonResult } from '@onescan/contract/generated/onescan/v1/result.js';
import { z } from 'zod';
import type { PairRecord, RunRecord, TaskRecord } from './run-record.js';

/** What a result has seen of the rows that its verdict rests on. */
export interface Scoring {
  readonly pair: string;
  readonly horizon: number;
  /** Hash of all that decides the result. */
  readonly specHash: string;
  /** Which rows of which dataset: the final segment, or the locked one. */
  readonly contentSha256: string;
  readonly segment: string;
  /** Where the pair's prices come from, and the instants of the first and the last row; samples of the same prices share these. */
  readonly source: string;
  readonly period: { readonly firstMs: number; readonly lastMs: number } | undefined;
}

/** The same rows in other samples: what a document says of its segments, if it says it. */
const SEGMENTS = z.object({
  segments: z.array(z.object({ name: z.string(), from: z.int(), to: z.int() })),
});

/** @returns undefined for a pair without a dataset, which has no result either */
export function scoringOf(
  { plan, spec }: Pick<RunRecord, 'plan' | 'spec'>,
  { dataset }: Pick<PairRecord, 'dataset'>,
  { pair, horizon, specHash }: TaskRecord,
  { document }: Pick<HorizonResult, 'document'>,
): Scoring | undefined {
  if (!dataset) return undefined;
  return {
    ...{ pair, horizon, specHash, contentSha256: dataset.contentSha256 },
    segment: scoredSegment(spec),
    source: plan?.warehouseName ?? '',
    period: finalPeriod(document),
  };
}

/** Which segment a run's verdicts rest on, as in `protocol.score`. */
export function scoredSegment({ overrides }: RunRecord['spec']): string {
  return overrides['protocol.score'] ?? 'final';
}

function finalPeriod(document: Uint8Array): Scoring['period'] {
  const { data } = SEGMENTS.safeParse(JSON.parse(new TextDecoder().decode(document)));
  const final = data?.segments.find(({ name }) => name === 'final');
  return final && { firstMs: final.from, lastMs: final.to };
}
