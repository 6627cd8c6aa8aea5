import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** An open DuckDB. */
export type DuckDb = DuckDBInstance;

/** What every instance has: nothing is downloaded behind the user's back. */
const SETTINGS = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };

/** What every session has: an instant is the same day and hour on every machine, see {@link openDuckDb}. */
const SESSION = ["SET GLOBAL TimeZone = 'UTC'", "SET GLOBAL Calendar = 'gregorian'"];

/**
 * Opens a DuckDB file, or ":memory:". All of its sessions are in UTC: DuckDB takes the time zone of the process
 * otherwise, and by it turns TIMESTAMP WITH TIME ZONE into TIMESTAMP, DATE or text, also where the two are compared
 * or joined. This is the only place that creates an instance; the linter refuses any other. For a file that somebody
 * else may have made there is {@link openConfinedDuckDb}.
 *
 * @param settings as of `SET`, e.g. `access_mode`, `memory_limit`
 */
export function openDuckDb(path: string, settings: Readonly<Record<string, string>> = {}): Promise<DuckDb> {
  return open(path, settings, SESSION);
}

/**
 * Opens a DuckDB file whose views, macros and defaults may be somebody else's: nothing in it reads or writes a file
 * or an address, attaches a database, installs or loads an extension. Its own
 * file, its log and what it spills are not meant by that.
 *
 * @param folders absolute; what is below them can be read and written all the same
 * @param prepare what is done before, e.g. loading an extension that reads the folders
 */
export function openConfinedDuckDb(
  path: string,
  settings: Readonly<Record<string, string>> = {},
  folders: readonly string[] = [],
  prepare?: (connection: DuckDBConnection) => Promise<void>,
): Promise<DuckDb> {
  const allowed = folders.map((folder) => `'${folder.replaceAll("'", "''")}'`).join(', ');
  const confinement = [
    ...SESSION,
    ...(folders.length > 0 ? [`SET GLOBAL allowed_directories = [${allowed}]`] : []),
    // Neither this nor the folders can be changed back while the database is open.
    'SET GLOBAL enable_external_access = false',
    // Copying to another database, which takes a folder, sets an option of its own.
    ...(folders.length > 0 ? [] : ['SET GLOBAL lock_configuration = true']),
  ];
  return open(path, settings, confinement, prepare);
}

async function open(
  path: string,
  settings: Readonly<Record<string, string>>,
  session: readonly string[],
  prepare?: (connection: DuckDBConnection) => Promise<void>,
): Promise<DuckDb> {
  const instance = await DuckDBInstance.create(path, { ...SETTINGS, ...settings });
  try {
    const connection = await instance.connect();
    try {
      await prepare?.(connection);
      for (const sql of session) await connection.run(sql);
    } finally {
      connection.closeSync();
    }
  } catch (thrown) {
    instance.closeSync();
    throw thrown;
  }
  return instance;
}
