/** One finding of `onescan doctor`. */
export interface Check {
  name: string;
  /** "warning" does not make the command fail. */
  result: 'ok' | 'warning' | 'FAILED';
  /** What was found. */
  found: string;
  /** Empty when there is nothing to do. */
  remedy: string;
}
