import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onescanIn, type Surroundings } from '../surroundings.js';
import { WAREHOUSE } from '../warehouse.js';

const NOBODY_LISTENS = 'http://127.0.0.1:9';
const PROXIES = ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy'];
const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15', '--rows', '2000', '--preset', 'quick', '--yes'];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-surroundings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const onescan = (surroundings: Surroundings) => onescanIn(folder, surroundings);

describe('a stack with everything against it', () => {
  it('works: proxies, few open files, no HOME, a bare locale, a umask, an odd and long path', async () => {
    const home = join(folder, `it's "odd" * [1] #%;~ é 円`, 'd'.repeat(200), 'e'.repeat(200));
    const proxies = [...PROXIES, ...PROXIES.map((name) => name.toUpperCase())];
    const env = {
      ...Object.fromEntries(proxies.map((name) => [name, NOBODY_LISTENS])),
      ...{ HOME: undefined, LANG: 'xx_YY.bogus', LC_ALL: 'C', NODE_ENV: 'production' },
    };
    const before = 'ulimit -n 256; umask 077';
    const run = (...args: string[]) => onescan({ args: ['--home', home, ...args], before, env });
    expect(await run('up', '--warehouse', WAREHOUSE, '--trainers', '1', '--detach')).toMatchObject({
      code: 0,
    });
    try {
      const done = await run(...RUN);
      expect(done.stderr).not.toMatch(/problem|EMFILE/i);
      expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('report.html') as string });
      const doctor = await run('doctor');
      expect(doctor.code).toBe(0);
      expect(doctor.stdout).toMatch(/^open files +ok +256 a process/m);
      expect(doctor.stdout).toMatch(/^proxy +ok +ALL_PROXY, .*never for this one/m);
      expect(doctor.stdout).toMatch(/^coordinator +ok/m);
    } finally {
      expect(await run('down')).toMatchObject({ code: 0 });
    }
  });
});
