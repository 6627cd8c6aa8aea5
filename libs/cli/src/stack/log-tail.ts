import { readFileSync } from 'node:fs';

const LINES = 5;

/** The last lines of a log that say something; empty when there is none. `start`: bytes that others left in it before. */
export function logTail(path: string, start = 0): string {
  try {
    const all = readFileSync(path);
    // Smaller than at the start: it was rotated since.
    const own = all.subarray(all.length < start ? 0 : start).toString();
    const lines = own.split('\n').filter((line) => line.trim() !== '');
    return lines.slice(-LINES).map(readable).join('\n');
  } catch {
    return '';
  }
}

/** Of a JSON line of a service what a person wants to know: the reason and what was going on. */
function readable(line: string): string {
  try {
    const { reason, msg } = JSON.parse(line) as Record<string, unknown>;
    const said = [msg, reason].filter((part) => typeof part === 'string');
    return said.length > 0 ? said.join(': ') : line;
  } catch {
    return line;
  }
}
