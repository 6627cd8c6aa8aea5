import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { BigQueryApi } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-api.js';
import { impersonate } from '@onescan/fetcher/testing/warehouse/bigquery/impersonate.js';
import {
  authMetadata,
  googleAuth,
} from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-credentials.js';
import { createLog } from '@onescan/process/log.js';
import type { AuthClient } from 'google-auth-library';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const SECRETS = {
  subject: 'subject-7f3a-not-to-be-logged',
  sts: 'sts-19bc-not-to-be-logged',
  impersonated: 'impersonated-55de-not-to-be-logged',
};
const ACCOUNT = 'onescan@my-project.iam.gserviceaccount.com';

let folder: string;
let server: Server;
let url: string;
/** Status with which the service account's token is refused; 200 grants it. */
let impersonation: number;
let authorizations: Record<string, string | undefined>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-credentials-'));
  impersonation = 200;
  authorizations = {};
  server = createServer((request, response) => {
    const [status, body] = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', writeCredentials());
  vi.stubEnv('BIGQUERY_EMULATOR_HOST', url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** The token endpoints, and a BigQuery that answers every dry run. */
function answer(request: IncomingMessage): [number, object] {
  const path = request.url!.split('?')[0]!;
  authorizations[path] = request.headers.authorization;
  if (path === '/token') {
    return [
      200,
      { access_token: SECRETS.sts, issued_token_type: 'x', token_type: 'Bearer', expires_in: 3600 },
    ];
  }
  if (path.endsWith(':generateAccessToken')) {
    if (impersonation !== 200) {
      return [
        impersonation,
        { error: { code: impersonation, message: 'iam.serviceAccounts.getAccessToken denied' } },
      ];
    }
    return [200, { accessToken: SECRETS.impersonated, expireTime: '2099-01-01T00:00:00Z' }];
  }
  return [
    200,
    { jobReference: { jobId: 'j' }, status: { state: 'DONE' }, statistics: { totalBytesProcessed: '42' } },
  ];
}

/** Workload identity federation at this server instead of Google's, with or without a service account to act as. */
function writeCredentials(
  more: Record<string, string> = { service_account_impersonation_url: impersonationUrl() },
) {
  const token = join(folder, 'subject.txt');
  writeFileSync(token, SECRETS.subject);
  const path = join(folder, 'credentials.json');
  const credentials = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${url}/token`,
    credential_source: { file: token },
    ...more,
  };
  writeFileSync(path, JSON.stringify(credentials));
  return path;
}

function impersonationUrl(): string {
  return `${url}/v1/projects/-/serviceAccounts/${ACCOUNT}:generateAccessToken`;
}

async function dryRun(authClient?: AuthClient): Promise<bigint> {
  const policy = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };
  const credentials = { anonymous: false, ...(authClient ? { authClient } : {}) };
  const api = new BigQueryApi('my-project', 'us-central1', policy, credentials);
  return (await api.dryRun('SELECT 1')).bytes;
}

it('asks BigQuery as the impersonated service account', async () => {
  expect(await dryRun()).toBe(42n);
  expect(authorizations['/projects/my-project/jobs']).toBe(`Bearer ${SECRETS.impersonated}`);
  const asked = Object.keys(authorizations).find((path) => path.includes(ACCOUNT));
  expect(authorizations[asked!]).toBe(`Bearer ${SECRETS.sts}`);
});

it('acts as the service account of --impersonate with credentials of another', async () => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', writeCredentials({}));
  expect(await dryRun(await impersonate(ACCOUNT, { projectId: 'my-project', endpoint: url }))).toBe(42n);
  expect(authorizations['/projects/my-project/jobs']).toBe(`Bearer ${SECRETS.impersonated}`);
  expect(authorizations[new URL(impersonationUrl()).pathname]).toBe(`Bearer ${SECRETS.sts}`);

  impersonation = 403;
  await expect(
    dryRun(await impersonate(ACCOUNT, { projectId: 'my-project', endpoint: url })),
  ).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    remedy: expect.stringContaining('serviceAccountTokenCreator'),
  });
});

it("sends the quota project to the Storage Read API, as Google's clients do", async () => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', writeCredentials({ quota_project_id: 'who-pays' }));
  const metadata = await authMetadata(googleAuth('my-project'));
  expect(metadata.getMap()).toEqual({
    authorization: `Bearer ${SECRETS.sts}`,
    'x-goog-user-project': 'who-pays',
  });
});

it('says how to log in where there is nobody to impersonate with', async () => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(folder, 'absent.json'));
  await expect(impersonate(ACCOUNT, { projectId: 'my-project', endpoint: url })).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    remedy: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS'),
  });
});

it('says that impersonation was refused, with no secret in the error or in the log', async () => {
  impersonation = 403;
  const thrown = await dryRun().catch((error: unknown) => error);
  expect(thrown).toMatchObject({
    code: 'PERMISSION_DENIED',
    remedy: expect.stringContaining('serviceAccountTokenCreator'),
  });
  const lines: string[] = [];
  createLog('test', { write: (line) => lines.push(line) }).error({ err: thrown }, 'planning failed');
  expect(lines.join()).toContain('getAccessToken denied');
  for (const text of [inspect(thrown, { depth: 20 }), lines.join()]) {
    for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret);
  }
});
