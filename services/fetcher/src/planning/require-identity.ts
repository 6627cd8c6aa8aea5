import { OnescanError } from '@onescan/contract/onescan-error.js';
import { tableText } from '../catalogue/catalogue.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import { type IdentityCause, type IdentityFault, identityFault, type PairIdentity } from './pair-identity.js';

/**
 * Refuses a pair whose targets and closes are not of the same prices at the same times: whatever were learned of it would
 * be of nothing. Details have the tables and the likely cause as code with facts.
 *
 * @param query that brought the rows, with targets and closes
 * @throws OnescanError FAILED_PRECONDITION naming both tables, how much they differ and the likely cause
 */
export function requireIdentity(query: FetchQuery, rows: Omit<PairIdentity, 'window'>): void {
  const { window, table } = query.targets!;
  const fault = identityFault({ ...rows, window });
  if (!fault) return;
  const targets = tableText(table);
  const closes = `${tableText(query.closes!.table)}.${query.closes!.column}`;
  const { cause } = fault;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `${targets} and ${closes} do not belong together: ${differenceText(fault, rows)}; ${causeText(cause, { targets, closes, window })}`,
    {
      remedy: 'Put the tables right, or leave the pair out with --pairs',
      details: { targets, closes, ...causeFacts(cause) },
    },
  );
}

function causeFacts({ code, ...facts }: IdentityCause): Record<string, string> {
  const all = Object.entries(facts).map(([name, value]) => [name, String(value)]);
  return { cause: code, ...Object.fromEntries(all) };
}

function differenceText(
  { difference, first, last }: IdentityFault,
  { time }: Pick<PairIdentity, 'time'>,
): string {
  const day = (row: number) => new Date(time[row]!).toISOString().slice(0, 10);
  if (!Number.isFinite(difference)) return 'no row has both';
  return `half of the rows from ${day(first)} to ${day(last)} differ by more than ${difference.toPrecision(2)} standard deviations`;
}

function causeText(
  cause: IdentityCause,
  { targets, closes, window }: { targets: string; closes: string; window: number },
): string {
  switch (cause.code) {
    case 'no_common_key':
      return 'no key of one is a key of the other, as when one is shifted by seconds';
    case 'indexed': {
      const of = cause.of === 'targets' ? targets : closes;
      return `the mean of ${of} is ${cause.mean.toPrecision(4)}: it looks like an indexed price, not a change in percent`;
    }
    case 'shifted': {
      const bars = Math.abs(cause.bars);
      const clock =
        cause.hours === undefined
          ? ''
          : `, ${Math.abs(cause.hours)} hours of the clock, as of another time zone`;
      return `they agree when ${closes} is taken ${bars} ${bars === 1 ? 'bar' : 'bars'} ${cause.bars > 0 ? 'later' : 'earlier'}${clock}`;
    }
    case 'other_window':
      return `the targets look like changes over ${cause.window} bars, not ${window}`;
    case 'scaled':
      return `the targets are ${cause.factor.toPrecision(4)} times what the closes say`;
    case 'other_prices':
      return 'they look like prices of different things, or an unknown formula';
  }
}
