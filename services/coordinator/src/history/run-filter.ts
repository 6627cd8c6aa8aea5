import { OnescanError } from '@onescan/contract/onescan-error.js';
import { RUN_TRANSITIONS } from '../states/run-state.js';

const MAX_FILTER = 1_024;
const MAX_TERMS = 16;
const TERM =
  /^\s*([a-z_]+)(?:\.([a-z0-9_.-]{1,63}))?\s*(!=|<=|>=|=|<|>|:)\s*("(?:[^"\\]|\\["\\])*"|\*|[^\s"]+)\s*/;
const AND = /^AND\s+/;

/** A condition in SQL over the table `runs`, with the values of its parameters. */
export interface RunCondition {
  readonly sql: string;
  readonly values: readonly (string | bigint)[];
}

/**
 * Reads a filter of runs as AIP-160 writes it, of terms joined by AND: `state = COMPLETED`, `name : "part"`,
 * `labels.team = "fx"`, `labels.team : *`, `create_time >= "2026-11-01T00:00:00Z"`.
 *
 * @throws OnescanError INVALID_ARGUMENT that shows where the filter cannot be read
 */
export function parseRunFilter(filter: string): RunCondition {
  if (filter.length > MAX_FILTER) throw invalid(`is longer than ${MAX_FILTER} characters`);
  const conditions: string[] = [];
  const values: (string | bigint)[] = [];
  const place = (value: string | bigint): string => `$${values.push(value)}`;
  for (let rest = filter.trim(); rest !== ''; ) {
    if (conditions.length > 0) {
      if (!AND.test(rest))
        throw invalid(`cannot be read at ${JSON.stringify(rest.slice(0, 40))}: AND is expected`);
      rest = rest.replace(AND, '');
    }
    const term = TERM.exec(rest);
    if (!term) throw invalid(`cannot be read at ${JSON.stringify(rest.slice(0, 40))}`);
    if (conditions.length === MAX_TERMS) throw invalid(`has more than ${MAX_TERMS} terms`);
    const [whole, field, key, operator, value] = term as unknown as [
      string,
      string,
      string?,
      string?,
      string?,
    ];
    conditions.push(condition({ field, key, operator: operator!, value: unquoted(value!) }, place));
    rest = rest.slice(whole.length);
  }
  return { sql: conditions.length === 0 ? 'true' : conditions.join(' AND '), values };
}

interface Term {
  readonly field: string;
  readonly key: string | undefined;
  readonly operator: string;
  readonly value: string;
}

function condition(term: Term, place: (value: string | bigint) => string): string {
  const { field, key, operator, value } = term;
  if (field === 'labels' && key !== undefined) return labelCondition(key, term, place);
  if (key !== undefined) throw invalid(`has no field "${field}.${key}"`);
  switch (field) {
    case 'state':
      if (!Object.hasOwn(RUN_TRANSITIONS, value)) {
        throw invalid(`has no state "${value}": ${Object.keys(RUN_TRANSITIONS).join(', ')}`);
      }
      return `state ${oneOf(term, ['=', '!='])} ${place(value)}`;
    case 'name':
      if (operator === ':') return `contains(lower(name), lower(${place(value)}))`;
      return `name ${oneOf(term, ['=', '!='])} ${place(value)}`;
    case 'create_time': {
      const ms = Date.parse(value);
      if (!/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(value) || Number.isNaN(ms)) {
        throw invalid(`has no time "${value}": write 2026-11-30 or 2026-11-30T08:00:00Z`);
      }
      return `created_ms ${oneOf(term, ['=', '!=', '<', '<=', '>', '>='])} ${place(BigInt(ms))}`;
    }
    default:
      throw invalid(`has no field "${field}": state, name, labels.KEY and create_time can be filtered by`);
  }
}

function labelCondition(key: string, term: Term, place: (value: string | bigint) => string): string {
  const held = `run_id IN (SELECT run_id FROM run_labels WHERE label = ${place(key)}`;
  if (term.operator === ':' && term.value === '*') return `${held})`;
  const operator = oneOf(term, ['=', '!=']);
  return `${operator === '=' ? '' : 'NOT '}${held} AND value = ${place(term.value)})`;
}

function oneOf({ field, operator }: Term, allowed: readonly string[]): string {
  if (allowed.includes(operator)) return operator;
  throw invalid(`cannot compare ${field} by "${operator}": ${allowed.join(' ')}`);
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value;
}

function invalid(what: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `filter ${what}`, {
    remedy: 'For example: state = COMPLETED AND labels.team = "fx" AND create_time >= "2026-11-01"',
    details: { field: 'filter' },
  });
}
