/**
 * Names of columns that hold targets or other future values, matched anywhere in any case. `forecast` is
 * not among them: rolling regressions forecast from the past.
 */
export const FUTURE_COLUMN_PATTERNS: readonly string[] = [
  '(^|_)targets?(_|\\d|$)',
  '(^|_)(future|fut|fwd)(_|\\d|$)',
  '(^|_)(lead|leads|lookahead|ahead)(_|\\d|$)',
];

/** The first pattern that a column's name matches, or undefined. */
export function futurePattern(column: string, patterns: readonly RegExp[]): RegExp | undefined {
  return patterns.find((pattern) => pattern.test(column));
}
