import { shownLine } from '@onescan/contract/format/shown-text.js';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
/** In every line, and nothing to a reader. */
const LEFT_OUT = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg']);

/** A line of a service's log for people: time (UTC), level, service, what happened, its facts. Others stay as they are. */
export function logLine(service: string, line: string): string {
  const { level, time, msg, ...facts } = parse(line);
  if (typeof time !== 'number' || typeof level !== 'number') return shownLine(`${service}: ${line}`);
  const said = Object.entries(facts)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const at = Number.isFinite(time) && Math.abs(time) < 8.64e15 ? new Date(time).toISOString() : String(time);
  return shownLine(`${at} ${LEVELS[level] ?? level} ${service}: ${[msg ?? '', ...said].join(' ')}`);
}

function parse(line: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
