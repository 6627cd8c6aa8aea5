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

/** A finding; what to do is left out where all is well. */
export function check(name: string, result: Check['result'], found: string, remedy: string): Check {
  return { name, result, found, remedy: result === 'ok' ? '' : remedy };
}
