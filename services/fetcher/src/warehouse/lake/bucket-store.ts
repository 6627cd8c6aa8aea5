import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DuckDbConnections, problemText } from '../duckdb/duckdb-connections.js';
import { literal } from '../duckdb/duckdb-dialect.js';
import {
  byCodeUnits,
  IGNORED,
  type LakeEntry,
  type LakeFile,
  type LakeLocation,
  type LakeLook,
  type LakeStore,
  type LakeTree,
} from './lake-store.js';

/** A place in a bucket. */
export interface Bucket {
  readonly scheme: 's3' | 'gs';
  readonly name: string;
  /** Parts of the keys' prefix. */
  readonly prefix: readonly string[];
}

const ADDRESS = /^(s3|gs):\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/;
/** What DuckDB takes as a pattern, or as the end of a key. */
const PATTERN = /[*?[\]]/;
/** DuckDB hashes a file as one value. */
const MAX_FILE_BYTES = 4 * 1024 ** 3 - 1;

/** Reads `s3://BUCKET/PREFIX` or `gs://BUCKET/PREFIX`; undefined when it is neither, or leads out of its prefix. */
export function readBucket(address: string): Bucket | undefined {
  const [, scheme, name, path = ''] = ADDRESS.exec(address) ?? [];
  if (scheme === undefined || name === undefined) return undefined;
  const prefix = path.replace(/\/+$/, '').split('/');
  if (prefix.join('') === '') return { scheme: scheme as Bucket['scheme'], name, prefix: [] };
  const isPlain = prefix.every((part) => part !== '' && !/^\.\.?$/.test(part) && !PATTERN.test(part));
  return isPlain ? { scheme: scheme as Bucket['scheme'], name, prefix } : undefined;
}

/**
 * How DuckDB reads a place in a bucket: by its extension httpfs, with the keys of the fetcher's environment, and nothing
 * but what is below the prefix.
 *
 * @param httpfs file of the extension; default: the installed one
 */
export function bucketLocation(bucket: Bucket, httpfs: string | undefined): LakeLocation {
  const { scheme, name, prefix } = bucket;
  const root = [`${scheme}://${name}`, ...prefix, ''].join('/');
  return {
    root,
    prepare: async (connection) => {
      await loadHttpfs(connection, root, httpfs);
      await useKeys(connection, root, scheme === 's3' ? s3Settings(process.env) : gcsSettings(process.env));
    },
    storeOf: (database) => new BucketStore(root, database),
  };
}

async function loadHttpfs(
  connection: DuckDBConnection,
  root: string,
  file: string | undefined,
): Promise<void> {
  try {
    await connection.run(`LOAD ${file === undefined ? 'httpfs' : literal(file)}`);
  } catch (thrown) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `the lake ${root} is read by DuckDB's extension httpfs, which cannot be loaded: ${problemText(thrown)}`,
      {
        remedy:
          'Install it for the user of the fetcher (INSTALL httpfs in DuckDB of the same version), or name its file: --httpfs FILE',
        cause: thrown,
      },
    );
  }
}

/** Credentials and the place that answers, as DuckDB's secrets have them. */
type SecretSettings = Readonly<Record<string, string>>;

type Environment = Readonly<Record<string, string | undefined>>;

/** As the AWS command takes them. */
function s3Settings(env: Environment): SecretSettings {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  return {
    TYPE: 's3',
    ...keys(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY),
    ...(env.AWS_SESSION_TOKEN ? { SESSION_TOKEN: env.AWS_SESSION_TOKEN } : {}),
    REGION: env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    ...endpointSettings(endpoint),
  };
}

/** HMAC keys, as gsutil names them; the emulator's address as Google's clients do. */
function gcsSettings(env: Environment): SecretSettings {
  return {
    TYPE: 'gcs',
    ...keys(env.GS_ACCESS_KEY_ID, env.GS_SECRET_ACCESS_KEY),
    ...endpointSettings(env.STORAGE_EMULATOR_HOST),
  };
}

function keys(id: string | undefined, secret: string | undefined): SecretSettings {
  return id && secret ? { KEY_ID: id, SECRET: secret } : {};
}

function endpointSettings(url: string | undefined): SecretSettings {
  if (!url) return {};
  const { protocol, host } = new URL(url.includes('://') ? url : `http://${url}`);
  return { ENDPOINT: host, URL_STYLE: 'path', USE_SSL: `${protocol === 'https:'}` };
}

/** Secrets are this instance's alone, and in no message. */
async function useKeys(connection: DuckDBConnection, root: string, settings: SecretSettings): Promise<void> {
  await connection.run('SET GLOBAL allow_persistent_secrets = false');
  const { TYPE, ...others } = settings;
  const given = Object.entries({ ...others, SCOPE: root }).map(([key, value]) => `${key} ${literal(value)}`);
  try {
    await connection.run(`CREATE SECRET lake (TYPE ${TYPE}, ${given.join(', ')})`);
  } catch {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `DuckDB does not take the credentials for the lake ${root}`,
      {
        remedy: credentialsRemedy(root),
      },
    );
  }
}

function credentialsRemedy(root: string): string {
  return root.startsWith('s3:')
    ? 'Look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL_S3 of the fetcher'
    : 'Look at GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY of the fetcher, an HMAC key';
}

/** Objects of a bucket below a prefix. Their keys are names of folders and files, divided by slashes. */
class BucketStore implements LakeStore {
  constructor(
    readonly root: string,
    private readonly database: DuckDbConnections,
  ) {}

  async list(): Promise<LakeTree> {
    const folders = new Map<string, Map<string, boolean>>([['', new Map()]]);
    const files = new Map<string, LakeLook>();
    for (const [path, size, changed] of await this.#objects()) {
      const parts = path.slice(this.root.length).split('/');
      // A key that ends with a slash stands for a folder; `..` would lead out of the prefix and begins with a dot.
      if (parts.some((part) => part === '' || IGNORED.test(part))) continue;
      for (const [i, part] of parts.entries()) {
        const above = parts.slice(0, i).join('/');
        const names = folders.get(above) ?? new Map<string, boolean>();
        folders.set(above, names.set(part, names.get(part) || i < parts.length - 1));
      }
      files.set(parts.join('/'), lookOf(path, size, changed));
    }
    if (files.size === 0) throw this.#noLake();
    return {
      root: this.root,
      entries: async (folder) => entriesOf(folders.get(folder)),
      look: async (path) => files.get(path)!,
    };
  }

  sha256({ path }: LakeFile): Promise<string> {
    return this.#ask(`SELECT sha256(content) FROM read_blob(${literal(path)})`, ([row]) => String(row![0]));
  }

  readText(name: string): Promise<string | undefined> {
    return this.#ask(`SELECT content FROM read_text(${literal(this.root + name)})`, ([row]) =>
      row === undefined ? undefined : String(row[0]),
    ).catch(() => undefined);
  }

  /** Path, bytes and microseconds of every object: no more than the listing is read. */
  #objects(): Promise<[path: string, size: bigint, changed: bigint][]> {
    const columns = 'filename, size::BIGINT, epoch_us(last_modified)';
    return this.#ask(
      `SELECT ${columns} FROM read_blob(${literal(`${this.root}**`)})`,
      (rows) => rows as [string, bigint, bigint][],
    );
  }

  async #ask<T>(sql: string, read: (rows: unknown[][]) => T): Promise<T> {
    try {
      return await this.database.use(async (connection) =>
        read((await connection.runAndReadAll(sql)).getRows()),
      );
    } catch (thrown) {
      if (thrown instanceof OnescanError) throw thrown;
      const text = problemText(thrown);
      if (/no files found/i.test(text)) throw this.#noLake();
      throw new OnescanError('UNAVAILABLE', `the lake ${this.root} cannot be read: ${text}`, {
        remedy: credentialsRemedy(this.root),
        cause: thrown,
      });
    }
  }

  #noLake(): OnescanError {
    return new OnescanError('NOT_FOUND', `there is no lake at ${this.root}: no key begins so`, {
      remedy: 'Give the prefix below which the tables are, e.g. lake:s3://BUCKET/PREFIX',
    });
  }
}

function lookOf(path: string, size: bigint, changed: bigint): LakeLook {
  const problem = PATTERN.test(path)
    ? 'whose name has *, ? or [, which DuckDB takes as a pattern'
    : size > MAX_FILE_BYTES
      ? 'which is larger than 4 GiB'
      : undefined;
  return {
    path,
    isLink: false,
    isFile: true,
    state: `${size} ${changed}`,
    bytes: Number(size),
    changedMs: Number(changed / 1000n),
    ...(problem === undefined ? {} : { problem }),
  };
}

function entriesOf(names: ReadonlyMap<string, boolean> | undefined): LakeEntry[] {
  return [...(names ?? [])]
    .map(([name, isFolder]) => ({ name, isFolder }))
    .sort((a, b) => byCodeUnits(a.name, b.name));
}
