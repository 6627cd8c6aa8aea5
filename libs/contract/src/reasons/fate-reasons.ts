import { z } from 'zod';
import { FACT, percent, reasonEntry } from './reason-entry.js';

const { count, figure, share, shares, horizon, name } = FACT;

/** What of a target a feature explains. */
const TARGET_PARTS = {
  target: 'the target',
  sign: 'the sign of the target',
  unknown: 'the unknown part of the target',
  unknown_sign: 'the sign of the unknown part of the target',
} as const;

const explained = {
  part: z.enum(Object.keys(TARGET_PARTS) as [keyof typeof TARGET_PARTS]),
  horizon,
  share,
  limit: share,
  /** Of the part of the period where it does, as instants; absent: all of it. */
  begin: name.optional(),
  end: name.optional(),
  /** It shows in which rows have no value. */
  missing: z.boolean().optional(),
  /** In two hours of the day from this one on, on a day of the week (0: Sunday), after moves of this size. */
  hour: z.int().min(0).max(22).optional(),
  weekday: z.int().min(0).max(6).optional(),
  moves: z.enum(['small', 'middling', 'large']).optional(),
  /** Columns of its table that explain so much together. */
  columns: count.optional(),
};

const WEEKDAYS = ['Sundays', 'Mondays', 'Tuesdays', 'Wednesdays', 'Thursdays', 'Fridays', 'Saturdays'];

function explainedText({ share, part, horizon, ...where }: z.output<z.ZodObject<typeof explained>>): string {
  return `explains ${percent(share)} of ${TARGET_PARTS[part]} of h${horizon}${whereText(where)}`;
}

function whereText({
  begin,
  end,
  missing,
  hour,
  weekday,
  moves,
}: Omit<z.output<z.ZodObject<typeof explained>>, 'share' | 'part' | 'horizon'>): string {
  const days = begin && end ? ` from ${begin.slice(0, 10)} to ${end.slice(0, 10)}` : '';
  const clock = hour === undefined ? '' : ` from ${hour} to ${hour + 2} h UTC`;
  const week = weekday === undefined ? '' : ` on ${WEEKDAYS[weekday]}`;
  const after = moves === undefined ? '' : ` after ${moves} moves`;
  return `${days}${clock}${week}${after}${missing ? ' by where it has no value' : ''}`;
}

/** Whether a feature does it alone. */
function aloneText({ columns }: z.output<z.ZodObject<typeof explained>>): string {
  return columns === undefined ? 'by itself' : `together with the ${columns} columns of its table`;
}

/** Example: `97 % of the subsamples by elastic-net, 12 % by curvature`. */
function sharesText(of: Readonly<Record<string, number>>): string {
  const ordered = Object.entries(of).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const [first, ...others] = ordered.map(([method, part]) => ({ method, part: percent(part, 0) }));
  return [
    `${first!.part} of the subsamples by ${first!.method}`,
    ...others.map(({ method, part }) => `${part} by ${method}`),
  ].join(', ');
}

/** Why a feature that was tested is not retained: status PRUNED, stage `prune`. */
export const PRUNE_REASONS = {
  no_value: reasonEntry(
    'it has no value in the development rows',
    {},
    () => 'no value in the development rows',
  ),
  constant: reasonEntry(
    'it has one value in all development rows that have one',
    {},
    () => 'constant: one value in all development rows that have one',
  ),
  missing_values: reasonEntry(
    'too many development rows have no value',
    { share, limit: share },
    (facts) =>
      `${percent(facts.share)} of the development rows have no value (limit ${percent(facts.limit)})`,
  ),
  nearly_constant: reasonEntry(
    'too many of its values are the same',
    { share, limit: share },
    (facts) =>
      `nearly constant: ${percent(facts.share)} of the values are the same (limit ${percent(facts.limit)})`,
  ),
  same_values: reasonEntry(
    'another feature has the same values',
    { feature: name },
    ({ feature }) => `the same values as ${feature}`,
  ),
  nearly_same_values: reasonEntry(
    'another feature has nearly the same values',
    { feature: name, correlation: figure, limit: share },
    ({ feature, correlation, limit }) =>
      `nearly the same as ${feature}: correlation ${correlation.toFixed(4)} (limit ${limit})`,
  ),
};

/** The same for status PRUNED, stage `select`. */
export const SELECT_REASONS = {
  leak: reasonEntry(
    'it explains so much of a target that it must hold future values',
    explained,
    (facts) =>
      `${explainedText(facts)} (limit ${percent(facts.limit)}): holds future values; refused for all horizons`,
    'suspected leakage',
  ),
  refused_suspect: reasonEntry(
    'it explains more of a target than honest features do, and such features were asked to be refused',
    explained,
    (facts) =>
      `${explainedText(facts)} (limit ${percent(facts.limit)}): refused for all horizons, as leaks.suspicious=refuse asks`,
    'suspicious',
  ),
  refused_sister: reasonEntry(
    'another column of its table is a leak or suspicious, and such features were asked to be refused',
    { feature: name },
    ({ feature }) =>
      `${feature} of the same table tells of the future: refused, as leaks.suspicious=refuse asks`,
    'suspicious',
  ),
  unstable: reasonEntry(
    'too few subsamples select it',
    { shares },
    (facts) => `unstable: selected in only ${sharesText(facts.shares)}`,
  ),
  stable_beyond_limit: reasonEntry(
    'it is stable, but others are more so and there is a limit to their number',
    { shares, limit: count },
    (facts) => `stable (selected in ${sharesText(facts.shares)}), but beyond the ${facts.limit} best`,
  ),
  rare_gain: reasonEntry(
    'too few boosted fits gain by it',
    { share },
    (facts) => `gain in only ${percent(facts.share, 0)} of the fits`,
  ),
  gain_beyond_limit: reasonEntry(
    'enough boosted fits gain by it, but by others more, and there is a limit to their number',
    { share, limit: count },
    (facts) => `gain in ${percent(facts.share, 0)} of the fits, but beyond the ${facts.limit} best`,
  ),
  too_few_candidates: reasonEntry(
    'pruning left too few candidates to select from within the error bound',
    { candidates: count },
    ({ candidates }) =>
      `pruning left ${candidates} candidates: too few to select any within the expected false selections`,
  ),
};

/** Why a feature is retained: status RETAINED, stage `model`. */
export const RETAIN_REASONS = {
  stable: reasonEntry(
    'enough subsamples select it',
    { shares },
    (facts) => `stable: selected in ${sharesText(facts.shares)}`,
  ),
  gain: reasonEntry(
    'enough boosted fits gain by it',
    { share },
    (facts) => `gain in ${percent(facts.share, 0)} of the fits`,
  ),
  interaction: reasonEntry(
    'an interaction with another feature is stable',
    { share },
    (facts) => `kept for an interaction that was selected in ${percent(facts.share, 0)} of the subsamples`,
  ),
  product: reasonEntry(
    'a stable product of two features',
    { share },
    (facts) => `a product of two features, selected in ${percent(facts.share, 0)} of the subsamples`,
  ),
};

/** What is to be said of a retained feature besides: it predicts too well to be believed. */
export const SUSPICIONS = {
  suspicious_share: reasonEntry(
    'it explains more of the unknown part of a target than honest features do',
    explained,
    (facts) => `${explainedText(facts)} ${aloneText(facts)}, out of sample (limit ${percent(facts.limit)})`,
    'suspicious',
  ),
  suspicious_table: reasonEntry(
    'another column of its table is a leak or suspicious',
    { feature: name },
    ({ feature }) => `${feature} of the same table tells of the future`,
    'suspicious',
  ),
};

/** The same of a pruned feature. */
export const PRUNE_REMARKS = {
  beyond_doubles: reasonEntry(
    'its values are longer than doubles, so that they may only look alike',
    { type: name, gap: figure },
    ({ type, gap }) =>
      `its ${type} values reach beyond 2^53, where doubles are ${gap.toLocaleString('en')} apart: what lies between was rounded`,
  ),
};
