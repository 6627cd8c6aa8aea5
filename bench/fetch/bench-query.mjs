import { TARGET_HORIZONS, tableWidths } from './packed-shape.mjs';

const SCHEMA = 'features';
const WINDOW = 45;

/** What planning would give for a pair of `columns` features in `tables` tables, all rows sampled. */
export function plannedPair({ rows, columns, tables }) {
  const named = tableWidths(columns, tables).map((width, t) => ({
    schema: SCHEMA,
    name: `t${t}`,
    rows,
    columns: Array.from({ length: width }, (_, c) => ({ name: `c${c}`, type: 'FLOAT64', kind: 'number' })),
  }));
  return {
    pair: 'eurusd',
    datasetId: 'be'.repeat(32),
    identity: '{}',
    strategy: /** @type {const} */ ('pack'),
    rows,
    pieces: [],
    statement: { sql: 'SELECT 1', reads: [] },
    universe: {
      tables: named,
      notes: [],
      columns: named.flatMap((table) =>
        table.columns.map((column) => ({
          featureId: `${table.name}.${column.name}`,
          group: 'pair',
          table,
          column,
        })),
      ),
    },
    query: {
      keyColumn: 'interval_time',
      targets: {
        table: { schema: 'analytics', name: 'targets_eurusd' },
        window: WINDOW,
        columns: TARGET_HORIZONS.map((horizon) => ({ horizon, column: `target_${horizon}` })),
      },
      closes: { table: { schema: SCHEMA, name: 'base_idx_eurusd' }, column: 'close_idx' },
      sample: {
        sources: [{ table: { schema: 'analytics', name: 'targets_eurusd' }, rows, available: rows }],
        seed: 1n,
        range: {},
      },
      tables: named.map((table) => ({ table, numbers: table.columns, texts: [] })),
    },
  };
}
