import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BIN, onescanIn, type Surroundings } from '../surroundings.js';
import { WAREHOUSE } from '../warehouse.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-surroundings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const onescan = (surroundings: Surroundings) => onescanIn(folder, surroundings);

describe('says at once what is wrong', () => {
  const up = ['up', '--warehouse', WAREHOUSE, '--trainers', '1'];

  it('with few open files', async () => {
    const limit = 64;
    for (const args of [['ls'], ['--help'], up]) {
      const { code, stderr } = await onescan({ args, before: `ulimit -n ${limit}` });
      expect(stderr).toMatch(
        new RegExp(`^onescan: a process may have only ${limit} files open .*ulimit -n 1024`),
      );
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(code).toBe(5);
    }
  });

  it.each([
    ['does not exist', '/nowhere', 'there is no such folder'],
    ['is a file', process.execPath, 'that is no folder'],
  ])('when TMPDIR %s', async (_, path, reason) => {
    const { code, stderr } = await onescan({ args: up, env: { TMPDIR: path } });
    expect(stderr).toContain(`temporary files cannot be written in ${path}: ${reason}`);
    expect(stderr).toContain('set TMPDIR to another one');
    expect(code).toBe(5);
    const doctor = await onescan({ args: ['doctor'], env: { TMPDIR: path } });
    expect(doctor.code).toBe(5);
    expect(doctor.stdout).toMatch(/^temporary files +FAILED/m);
  });

  it('when --detach does not start, with what its log says', async () => {
    const bad = [...up, '--detach', '--fetcher-flag', 'price-per-tib=much'];
    const { code, stderr } = await onescan({ args: bad });
    expect(stderr).toContain('--price-per-tib "much" is not allowed');
    expect(stderr).toContain(join(folder, '.onescan', 'logs', 'up.log'));
    expect(code).toBe(5);
  });

  it.each([
    ['a warehouse that is not there', ['up', '--warehouse', 'none'], 'holds no warehouse'],
    ['a "?" in --home', ['--home', 'what?', ...up], 'has a "?" in its path'],
    ['a "?" in --home of the demo', ['--home', 'what?', 'demo'], 'has a "?" in its path'],
    [
      'a file where --home should be',
      ['--home', join(WAREHOUSE, 'warehouse.duckdb', 'x'), ...up],
      'is a file',
    ],
  ])('%s, with exit code 2', async (_, args, reason) => {
    for (const more of args.includes('none') ? [[], ['--detach']] : [[]]) {
      const { code, stderr } = await onescan({ args: [...args, ...more] });
      expect(stderr).toContain(reason);
      expect(code).toBe(2);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['fetcher', ['--warehouse', WAREHOUSE], '--cache'],
    ['coordinator', ['--fetcher', '127.0.0.1:1'], '--state'],
  ])('a "?" in the folder of a %s by itself, with exit code 2', async (name, flags, flag) => {
    const main = join(BIN, '../../../../services', name, 'dist/main.js');
    const args = [main, '--listen', '127.0.0.1:0', ...flags, flag, join(folder, 'what?')];
    const before = `set -- ${args.map((arg) => `'${arg}'`).join(' ')}`;
    const { code, stderr } = await onescan({ args: [], before });
    expect(stderr).toContain(`${flag} has a "?" in its path`);
    expect(code).toBe(2);
  });

  it('when the checkout is not whole', async () => {
    const checkout = join(folder, 'checkout');
    mkdirSync(checkout);
    const copied = `cp -r --parents libs/cli/bin libs/cli/package.json package-lock.json '${checkout}'`;
    await onescan({ args: [], before: `(cd '${join(BIN, '../../../..')}' && ${copied})` });
    const bin = join(checkout, 'libs/cli/bin/onescan.mjs');
    expect(existsSync(bin)).toBe(true);
    const { code, stderr } = await onescan({ args: ['ls'], before: `set -- '${bin}' ls` });
    expect(stderr).toBe(
      'onescan: it is not built. Run `npm run setup` in the checkout: it installs and builds what is missing\n',
    );
    expect(code).toBe(5);
  });
});
