import {
  bringsOwnPast,
  type FetchQuery,
  overlapHorizons,
  persistenceSource,
} from '../../../sql/fetch-query.js';
import { floatArray } from './array-values.js';
import { leastKeys, whereAnyKey } from './key-filter.js';
import { columnName, tableName } from './quoted-names.js';

/**
 * WITH clauses. bars: every bar of the targets table with its ordinal and what is known at it; chosen: the
 * sampled keys; closes: the known parts of targets; sample: all of it in order of key, each with its row.
 * Without targets only keys: chosen_i those of each source, sample all of them.
 */
export function sampleClauses(project: string, query: FetchQuery): string {
  if (!query.targets) return keyClauses(project, query);
  const clauses = [bars(project, query, query.targets), chosen(query)];
  const known = overlapHorizons(query);
  if (query.closes && known.length > 0) {
    clauses.push(closes(project, query, query.closes));
    const columns = known.map((horizon) => `, closes.known_${horizon}`).join('');
    clauses.push(sample(`${columns}, closes.own_past`, 'chosen LEFT JOIN closes ON chosen.k = closes.k'));
  } else {
    clauses.push(sample('', 'chosen'));
  }
  return `WITH ${clauses.join(',\n')}`;
}

/** The numbers of part 0: bar, persistence, targets, known parts and bqx_W by the closes, in that order. */
export function sampleArray(query: FetchQuery): string {
  if (!query.targets) return 'ARRAY<FLOAT64>[]';
  const columns = [
    'bar',
    'persistence',
    ...query.targets.columns.map(({ horizon }) => `target_${horizon}`),
    ...overlapHorizons(query).map((horizon) => `known_${horizon}`),
    ...(bringsOwnPast(query) ? ['own_past'] : []),
  ];
  return floatArray(columns.map((column) => `CAST(s.${column} AS FLOAT64)`));
}

function keyClauses(project: string, query: FetchQuery): string {
  const key = `t.${columnName(query.keyColumn)}`;
  const { sources } = query.sample;
  const clauses = sources.map((source, i) => {
    const from = `${tableName(project, source.table)} t`;
    return `chosen_${i} AS (SELECT ${key} AS k FROM ${from}${leastKeys(key, query, source)})`;
  });
  const keys = sources.map((_, i) => `SELECT k FROM chosen_${i}`).join(' UNION DISTINCT ');
  clauses.push(`sample AS (SELECT ROW_NUMBER() OVER (ORDER BY k) - 1 AS r, k FROM (${keys}))`);
  return `WITH ${clauses.join(',\n')}`;
}

function bars(project: string, query: FetchQuery, targets: NonNullable<FetchQuery['targets']>): string {
  const key = `t.${columnName(query.keyColumn)}`;
  const past = persistenceSource(targets);
  const columns = [
    `${key} AS k`,
    'ROW_NUMBER() OVER w - 1 AS bar',
    `LAG(t.${columnName(past.column)}, ${past.horizon}) OVER w AS persistence`,
    ...targets.columns.map(({ horizon, column }) => `t.${columnName(column)} AS target_${horizon}`),
  ];
  const from = `${tableName(project, targets.table)} t`;
  return `bars AS (SELECT ${columns.join(', ')} FROM ${from}${whereAnyKey(key)} WINDOW w AS (ORDER BY ${key}))`;
}

function chosen(query: FetchQuery): string {
  return `chosen AS (SELECT * FROM bars${leastKeys('k', query, query.sample.sources[0]!)})`;
}

/** 100 * (close[t] - close[t - (W - H)]) / close[t - (W - H)] for every horizon H < W, and for H = 0 as own_past. */
function closes(project: string, query: FetchQuery, source: NonNullable<FetchQuery['closes']>): string {
  const key = `t.${columnName(query.keyColumn)}`;
  const close = `CAST(t.${columnName(source.column)} AS FLOAT64)`;
  const { window } = query.targets!;
  const parts = [...overlapHorizons(query), 0].map((horizon) => {
    const before = `LAG(${close}, ${window - horizon}) OVER w`;
    const as = horizon === 0 ? 'own_past' : `known_${horizon}`;
    return `100 * (${close} - ${before}) / NULLIF(${before}, 0) AS ${as}`;
  });
  const from = `${tableName(project, source.table)} t`;
  return `closes AS (SELECT ${key} AS k, ${parts.join(', ')} FROM ${from}${whereAnyKey(key)} WINDOW w AS (ORDER BY ${key}))`;
}

function sample(knownColumns: string, from: string): string {
  return `sample AS (SELECT ROW_NUMBER() OVER (ORDER BY chosen.k) - 1 AS r, chosen.*${knownColumns} FROM ${from})`;
}
