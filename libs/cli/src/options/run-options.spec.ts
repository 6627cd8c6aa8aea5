import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SampleStrategy, SchedulingPolicy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addRunOptions, specFromOptions } from './run-options.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-options-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function specOf(...argv: string[]) {
  const command = addRunOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }));
  command.parse(argv, { from: 'user' });
  return specFromOptions(command.opts());
}

it('leaves everything to the defaults without flags', () => {
  const spec = resolveRunSpec(specOf());
  expect(spec.pairs).toHaveLength(28);
  expect(spec).toMatchObject({ preset: 'standard', budgetUsd: 50, maxWorkers: 8, sample: { rows: 80_000 } });
});

it('puts every flag where it belongs', () => {
  const spec = specOf(
    ...['--pairs', 'eurusd,usdjpy', '--horizons', '15,30', '--window', '90', '--rows', '6000'],
    ...['--strategy', 'days', '--sample-seed', '5', '--from', '2020-01-01', '--to', '2021-01-01'],
    ...['--exclude', 'corr_*,lag_*', '--exclude', 'x.y', '--expected-columns', '6477', '--budget', '$12.5'],
    ...['--preset', 'quick', '--set', 'a.b=1', '--set', 'c=d=e', '--pilot', 'eurusd', '--max-workers', '4'],
    ...['--memory-per-worker', '4GiB', '--policy', 'one-pair-at-a-time', '--seed', '18446744073709551615'],
  );
  expect(spec).toMatchObject({
    pairs: ['eurusd', 'usdjpy'],
    horizons: [15, 30],
    targetWindow: 90,
    sample: { rows: 6000, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS, seed: 5n },
    period: { from: '2020-01-01', to: '2021-01-01' },
    universe: { exclude: ['corr_*', 'lag_*', 'x.y'], expectedColumns: 6477 },
    budgetUsd: 12.5,
    preset: 'quick',
    overrides: { 'a.b': '1', c: 'd=e' },
    pilotPair: 'eurusd',
    maxWorkers: 4,
    memoryPerWorkerBytes: 4n * 1024n ** 3n,
    schedulingPolicy: SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME,
    seed: 18446744073709551615n,
  });
});

it('lets flags override the spec file and keeps the rest of it', () => {
  const path = join(folder, 'run.yaml');
  writeFileSync(path, 'pairs: [gbpusd]\nsample: { rows: 500, strategy: days }\noverrides: { a: 1, b: 2 }\n');
  expect(specOf('--spec', path, '--rows', '700', '--set', 'b=3')).toMatchObject({
    pairs: ['gbpusd'],
    sample: { rows: 700, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS },
    overrides: { a: '1', b: '3' },
  });
});

it('chooses among the default groups by name', () => {
  expect(specOf('--groups', 'mkt,pair').universe?.groups).toEqual([
    { name: 'mkt', tables: ['mkt_*'], shared: true, optional: false },
    { name: 'pair', tables: ['*{pair}*'], shared: false, optional: false },
  ]);
  expect(() => specOf('--groups', 'pair,xyz')).toThrow('there is no group "xyz"');
});

it.each([
  ['--rows', '0'],
  ['--rows', '-5'],
  ['--horizons', '15,x'],
  ['--budget', 'much'],
  ['--memory-per-worker', '4XB'],
  ['--set', 'novalue'],
  ['--seed', '18446744073709551616'],
  ['--policy', 'random'],
])('refuses %s %s', (flag, value) => {
  expect(() => specOf(flag, value)).toThrow(flag);
});

it('names a spec file that is not there', () => {
  expect(() => specOf('--spec', join(folder, 'none.yaml'))).toThrow('cannot read the spec file');
});
