/** BigQuery's name for a DuckDB type, and the logical bytes that a value of it counts for (docs: data type sizes). */
interface KnownType {
  type: string;
  bytes: number;
}

const FLOATS: KnownType = { type: 'FLOAT64', bytes: 8 };
const INTEGERS: KnownType = { type: 'INT64', bytes: 8 };

const TYPES: Readonly<Record<string, KnownType>> = {
  DOUBLE: FLOATS,
  FLOAT: FLOATS,
  TINYINT: INTEGERS,
  SMALLINT: INTEGERS,
  INTEGER: INTEGERS,
  BIGINT: INTEGERS,
  // Sums of integers are HUGEINT in DuckDB and INT64 in BigQuery.
  HUGEINT: INTEGERS,
  BOOLEAN: { type: 'BOOL', bytes: 1 },
  VARCHAR: { type: 'STRING', bytes: 2 },
  TIMESTAMP: { type: 'TIMESTAMP', bytes: 8 },
  'TIMESTAMP WITH TIME ZONE': { type: 'TIMESTAMP', bytes: 8 },
  DATE: { type: 'DATE', bytes: 8 },
};

export function bigQueryType(duckDbType: string): string {
  return known(duckDbType).type;
}

/** DuckDB SQL for the logical bytes of a column; NULLs count nothing, texts their UTF-8 bytes in addition. */
export function logicalBytesSql(column: string, duckDbType: string): string {
  const { type, bytes } = known(duckDbType);
  const fixed = `count(${column}) * ${bytes}`;
  return type === 'STRING' ? `${fixed} + coalesce(sum(strlen(${column})), 0)` : fixed;
}

function known(duckDbType: string): KnownType {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(duckDbType);
  if (decimal) return { type: `NUMERIC(${decimal[1]}, ${decimal[2]})`, bytes: 16 };
  const type = TYPES[duckDbType];
  if (type) return type;
  throw new RangeError(`the fake BigQuery has no type for DuckDB's ${duckDbType}`);
}
