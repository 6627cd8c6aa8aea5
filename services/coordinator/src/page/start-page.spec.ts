import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  makeAuthority,
  makeCertificate,
  replaceFile,
  writeIdentity,
} from '@onescan/process/testing/certificates.js';
import { expect, it } from 'vitest';
import { TestStack } from '../testing/test-stack.js';

const TOKEN = 'token-of-vera-the-viewer';

it('beyond this machine it is served over TLS, under the names of its certificate only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-start-page-'));
  const authority = makeAuthority();
  const hosts = ['page.example', '127.0.0.1'];
  const own = writeIdentity(folder, 'own', makeCertificate({ name: 'own', hosts, issuer: authority }));
  replaceFile(join(folder, 'vera'), TOKEN, 0o600);
  const tokens = [{ name: 'vera', roles: ['viewer'], file: 'vera' }];
  const roles = replaceFile(join(folder, 'roles.json'), JSON.stringify({ tokens }), 0o600);
  const stack = await TestStack.start({}, { page: '0.0.0.0:0', tlsCert: own.cert, tlsKey: own.key, roles });
  try {
    const { protocol, hostname, port } = new URL(stack.page);
    expect([protocol, hostname]).toEqual(['https:', 'page.example']);
    const signIn = (host: string): Promise<{ status: number | undefined; cookie: string }> =>
      new Promise((resolve, reject) => {
        const origin = `https://${host}`;
        const headers = { host, origin, 'content-type': 'application/json' };
        const where = { host: '127.0.0.1', port, path: '/session', method: 'POST', agent: false };
        request({ ...where, headers, ca: authority.cert, servername: 'page.example' }, (response) => {
          response.resume();
          resolve({ status: response.statusCode, cookie: response.headers['set-cookie']?.[0] ?? '' });
        })
          .on('error', reject)
          .end(JSON.stringify({ token: TOKEN }));
      });
    expect(await signIn(`page.example:${port}`)).toEqual({
      status: 200,
      cookie: expect.stringMatching(/^__Host-onescan=.*; Path=\/; HttpOnly; SameSite=Strict; .*; Secure$/),
    });
    expect((await signIn(`127.0.0.1:${port}`)).status).toBe(200);
    for (const host of [`localhost:${port}`, `evil.example:${port}`, 'page.example', `page.example:1`]) {
      expect([host, (await signIn(host)).status]).toEqual([host, 403]);
    }
    // Nothing is answered without TLS.
    await expect(
      new Promise((resolve, reject) => get({ host: '127.0.0.1', port }, resolve).on('error', reject)),
    ).rejects.toThrow();
  } finally {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
