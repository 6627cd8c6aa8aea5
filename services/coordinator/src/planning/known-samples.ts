import type { EstimatePairResponse, SampleRows } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { KnownSample } from '@onescan/learn/sizing/sample-need.js';

/** The samples of pairs whose rows the fetcher told, by pair. */
export type KnownSamples = ReadonlyMap<string, KnownSample>;

/**
 * The rows of the samples as the fetcher told them.
 *
 * @throws OnescanError FAILED_PRECONDITION when what it told makes no sample
 */
export function knownSamples(estimates: readonly EstimatePairResponse[]): KnownSamples {
  return new Map(
    estimates.flatMap(({ plan, sampleRows }) =>
      plan && sampleRows && sampleRows.barSteps.length > 0
        ? [[plan.pair, knownSample(sampleRows)] as const]
        : [],
    ),
  );
}

function knownSample({ barSteps, usable }: SampleRows): KnownSample {
  const bar = new Int32Array(barSteps.length);
  let ordinal = 0;
  barSteps.forEach((step, row) => {
    ordinal += step;
    bar[row] = ordinal;
    if (ordinal > 2 ** 31 - 1 || (row > 0 && step === 0)) throw noSample('bars must ascend');
  });
  return {
    bar,
    usable: new Map(usable.map(({ horizon, runs }) => [horizon, rowsOf(runs, barSteps.length)])),
  };
}

function rowsOf(runs: readonly number[], rows: number): Uint32Array {
  const found: number[] = [];
  let row = 0;
  runs.forEach((length, run) => {
    if (row + length > rows) throw noSample(`runs are longer than its ${rows} rows`);
    for (let end = row + length; row < end; row++) if (run % 2 === 0) found.push(row);
  });
  return Uint32Array.from(found);
}

function noSample(why: string): OnescanError {
  return new OnescanError('FAILED_PRECONDITION', `the fetcher told of a sample that is none: ${why}`, {
    remedy: 'Let fetcher and coordinator be of one version',
  });
}
