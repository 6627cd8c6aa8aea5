import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { exportLake } from '@onescan/warehouse/lake/export-lake.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentOf, FetcherHarness } from '../fixtures/fetcher-harness.js';
import { buildSmallWarehouse, FEATURES } from '../fixtures/small-warehouse.js';

/** A Python environment with an S3 server (moto) and DuckDB's extension; kept from run to run. */
const TOOLS = fileURLToPath(new URL('../../../../.nx/s3-tools', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('./s3-tools.txt', import.meta.url));
const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 900 } });
const BUCKET = 'bars';
const SECRET = 'nobody-may-see-this';

/** The extension's file; undefined where the tools cannot be had. */
function installTools(): string | undefined {
  try {
    if (!existsSync(join(TOOLS, 'bin', 'moto_server'))) {
      execFileSync('python3', ['-m', 'venv', TOOLS], { stdio: 'ignore' });
      const pip = ['install', '--quiet', '--requirement', REQUIREMENTS];
      execFileSync(join(TOOLS, 'bin', 'pip'), pip, { stdio: 'ignore' });
    }
    const files = readdirSync(join(TOOLS, 'lib'), { recursive: true, encoding: 'utf8' });
    const found = files.find((name) => name.endsWith('httpfs.duckdb_extension'));
    return found && join(TOOLS, 'lib', found);
  } catch {
    return undefined;
  }
}

const httpfs = installTools();

// Shown as skipped where pip cannot install.
describe.skipIf(httpfs === undefined)('a lake in a bucket of a real S3 server', () => {
  let folder: string;
  let warehouse: string;
  let lake: string;
  let server: ChildProcess;
  let endpoint: string;
  let count = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onescan-bucket-'));
    warehouse = await buildSmallWarehouse(join(folder, 'embedded'));
    lake = join(folder, 'lake');
    await exportLake({ warehouse, out: lake });
    ({ server, endpoint } = await startServer());
    for (const name of ['AWS_ENDPOINT_URL_S3', 'STORAGE_EMULATOR_HOST']) process.env[name] = endpoint;
    for (const name of ['AWS', 'GS']) {
      process.env[`${name}_ACCESS_KEY_ID`] = 'key';
      process.env[`${name}_SECRET_ACCESS_KEY`] = SECRET;
    }
    await put('');
  });
  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  let prefix: string;
  /** A copy of the lake in the bucket, below a prefix of its own. */
  beforeEach(async () => {
    prefix = `lakes/${++count}`;
    for (const name of readdirSync(lake, { recursive: true, encoding: 'utf8' })) {
      if (/\.\w+$/.test(name)) await put(`${prefix}/${name}`, readFileSync(join(lake, name)));
    }
  });

  async function put(key: string, body = Buffer.alloc(0), method = 'PUT'): Promise<void> {
    // The server signs nothing and checks nothing, but tells services apart by this.
    const headers = { Authorization: 'AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request' };
    const path = key.split('/').map(encodeURIComponent).join('/');
    const response = await fetch(`${endpoint}/${BUCKET}/${path}`, { method, headers, body });
    expect(response.status, key).toBeLessThan(300);
  }

  async function withFetcher<T>(address: string, use: (fetcher: FetcherHarness) => Promise<T>): Promise<T> {
    const cache = join(folder, `cache-${++count}`);
    const fetcher = await FetcherHarness.start(address, cache, '--httpfs', httpfs!);
    try {
      return await use(fetcher);
    } finally {
      await fetcher.stop();
    }
  }

  const fetched = (address: string) =>
    withFetcher(address, async (fetcher) => {
      const plan = await fetcher.plan(SPEC);
      const { ref } = await fetcher.fetch(SPEC, plan);
      return { plan, ref, content: await contentOf(ref) };
    });

  it.each(['s3', 'gs'])('%s: gives the plan and the dataset of the embedded warehouse', async (scheme) => {
    const embedded = await fetched(warehouse);
    const remote = await fetched(`lake:${scheme}://${BUCKET}/${prefix}`);
    expect(remote.plan.statements.map(({ sqlSha256 }) => sqlSha256)).toEqual(
      embedded.plan.statements.map(({ sqlSha256 }) => sqlSha256),
    );
    expect(remote.plan.datasetId).toBe(embedded.plan.datasetId);
    expect(remote.plan.exclusions).toEqual(embedded.plan.exclusions);
    expect(remote.plan.notes).toEqual(embedded.plan.notes);
    expect(remote.content).toEqual(embedded.content);
    expect(remote.ref.bytesBilled).toBe((await fetched(`lake:${lake}`)).ref.bytesBilled);
  });

  it('an object that changes after the plan is not fetched', async () => {
    await withFetcher(`lake:s3://${BUCKET}/${prefix}`, async (fetcher) => {
      const plan = await fetcher.plan(SPEC);
      const bytes = readFileSync(join(lake, FEATURES, 'mom_eurusd.parquet'));
      bytes.write('Onescan', bytes.lastIndexOf('DuckDB'));
      await put(`${prefix}/${FEATURES}/mom_eurusd.parquet`, bytes);
      await expect(fetcher.fetch(SPEC, plan)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
      expect((await fetcher.plan(SPEC)).datasetId).not.toBe(plan.datasetId);
    });
  });

  it('keys that lead elsewhere or mean more than themselves cost themselves, and nothing else', async () => {
    const bytes = readFileSync(join(lake, FEATURES, 'mom_eurusd.parquet'));
    const { plan: before } = await fetched(`lake:s3://${BUCKET}/${prefix}`);
    await put(`${prefix}/../elsewhere/mom_eurusd_2.parquet`, bytes);
    await put(`${prefix}/${FEATURES}/../../../mom_eurusd_3.parquet`, bytes);
    await put(`${prefix}x/${FEATURES}/mom_eurusd_4.parquet`, bytes);
    await put(`${prefix}/${FEATURES}//mom_eurusd_5.parquet`, bytes);
    await withFetcher(`lake:s3://${BUCKET}/${prefix}`, async (fetcher) => {
      expect((await fetcher.plan(SPEC)).datasetId).toBe(before.datasetId);
      await put(`${prefix}/${FEATURES}/mom_eurusd_*.parquet`, bytes);
      const { notes, datasetId } = await fetcher.plan(SPEC);
      expect(datasetId).not.toBe('');
      expect(notes.map(({ why }) => why?.facts)).toContainEqual(
        expect.objectContaining({ problem: expect.stringContaining('which DuckDB takes as a pattern') }),
      );
    });
  });

  it('a bucket that is empty, not there or not answering is told, without the keys', async () => {
    const failure = async (address: string): Promise<OnescanError> =>
      withFetcher(address, (fetcher) => fetcher.plan(SPEC)).then(
        () => expect.fail('it was planned'),
        (thrown: unknown) => OnescanError.from(thrown),
      );
    expect(await failure(`lake:s3://${BUCKET}/none`)).toMatchObject({ code: 'NOT_FOUND' });
    const failures = [await failure('lake:s3://nothing-here/lake')];
    process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:9';
    try {
      failures.push(await failure(`lake:s3://${BUCKET}/${prefix}`));
    } finally {
      process.env.AWS_ENDPOINT_URL_S3 = endpoint;
    }
    for (const { code, text } of failures) {
      expect(code).toBe('UNAVAILABLE');
      expect(text).toMatch(/the lake s3:.* cannot be read: .*AWS_ACCESS_KEY_ID/s);
      expect(text).not.toContain(SECRET);
    }
  });
});

async function startServer(): Promise<{ server: ChildProcess; endpoint: string }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  const args = ['-H', '127.0.0.1', '-p', `${port}`];
  const server = spawn(join(TOOLS, 'bin', 'moto_server'), args, { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`the server ended with code ${server.exitCode}`);
    const answer = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
    if (answer?.ok) return { server, endpoint };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
