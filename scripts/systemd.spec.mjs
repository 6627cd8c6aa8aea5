import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

const FOLDER = join(ROOT, 'docker/systemd');
const BIN = join(ROOT, 'node_modules/.bin/onescan');
const units = readdirSync(FOLDER);
const textOf = (unit) => readFileSync(join(FOLDER, unit), 'utf8');
const hasVerifier = spawnSync('systemd-analyze', ['--version']).status === 0;

it.skipIf(!hasVerifier)('systemd has nothing to say of the units (needs systemd-analyze)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-units-'));
  try {
    for (const unit of units) {
      const here = textOf(unit)
        .replaceAll('/usr/local/bin/onescan', BIN)
        .replace(/^User=.*\n/m, '');
      writeFileSync(join(folder, unit), here);
    }
    const paths = units.map((unit) => join(folder, unit));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...paths], { encoding: 'utf8' });
    // Of other units of the machine it may complain as well.
    expect(stderr.split('\n').filter((line) => line.includes(folder))).toEqual([]);
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each(units)('%s calls the command with flags that it has', (unit) => {
  const [, verb, rest] = /^ExecStart=\/usr\/local\/bin\/onescan (serve \w+|up) (.*)$/m.exec(textOf(unit));
  const help = execFileSync(process.execPath, [BIN, ...verb.split(' '), '--help'], { encoding: 'utf8' });
  const known = new Set([...help.matchAll(/--[a-z][a-z-]*/g), ...['--home']].map(String));
  for (const [flag] of rest.matchAll(/--[a-z][a-z-]*/g)) expect(known).toContain(flag);
});

it('services have longer to stop than they give their work', () => {
  for (const [unit, work] of [
    ['onescan-trainer@.service', Number(/--grace (\d+)/.exec(textOf('onescan-trainer@.service'))[1]) / 1000],
    ['onescan-fetcher.service', 30],
  ]) {
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(textOf(unit))[1])).toBeGreaterThan(work);
  }
});
