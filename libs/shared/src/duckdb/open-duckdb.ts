import { DuckDBInstance } from '@duckdb/node-api';

/** An open DuckDB. */
export type DuckDb = DuckDBInstance;

/** What every instance has: nothing is downloaded behind the user's back. */
const SETTINGS = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };

/** What every session has: an instant is the same day and hour on every machine, see {@link openDuckDb}. */
const SESSION = ["SET GLOBAL TimeZone = 'UTC'", "SET GLOBAL Calendar = 'gregorian'"];

/**
 * Opens a DuckDB file, or ":memory:". All of its sessions are in UTC: DuckDB takes the time zone of the process
 * otherwise, and by it turns TIMESTAMP WITH TIME ZONE into TIMESTAMP, DATE or text, also where the two are compared
 * or joined. This is the only place that creates an instance; the linter refuses any other.
 *
 * @param settings as of `SET`, e.g. `access_mode`, `memory_limit`
 */
export async function openDuckDb(
  path: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(path, { ...SETTINGS, ...settings });
  try {
    const connection = await instance.connect();
    try {
      for (const sql of SESSION) await connection.run(sql);
    } finally {
      connection.closeSync();
    }
  } catch (thrown) {
    instance.closeSync();
    throw thrown;
  }
  return instance;
}
