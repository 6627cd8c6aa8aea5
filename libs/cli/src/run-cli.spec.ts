import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.js';
import { useCli } from './testing/use-cli.js';

const cli = useCli();
const { start, terminal } = cli;

function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('usage', () => {
  it.each([
    ['an unknown verb', ['fly']],
    ['no verb', []],
    ['an unknown flag', ['ls', '--fast']],
    ['a missing argument', ['show']],
    ['an unknown pair', ['plan', '--pairs', 'eurxxx']],
    ['a bad number', ['plan', '--rows', '1e3']],
    ['a preset that is none', ['run', '--preset', 'best']],
    ['no source of bars', ['warehouse', 'build', '--out', 'w']],
  ])('exits 2 on %s and says so on stderr', async (_what, argv) => {
    const fake = terminal();
    expect(await runCli(argv, fake)).toBe(2);
    expect(fake.notes.join('\n')).not.toBe('');
    expect(fake.data()).toBe('');
  });

  it('prints help on stdout and exits 0', async () => {
    const fake = terminal();
    expect(await runCli(['--help'], fake)).toBe(0);
    expect(fake.data()).toContain('Exit codes: 0 ok');
  });

  it('says how to start a stack when none is there', async () => {
    const fake = terminal();
    expect(await runCli(['run', '--pairs', 'eurusd'], fake)).toBe(5);
    expect(fake.notes.join('\n')).toContain('onescan up --warehouse DIR');
  });

  it('names the field of a spec file that is wrong', async () => {
    writeFileSync(join(cli.folder, 'bad.yaml'), 'pairs: [eurusd]\nhorizon: [15]\n');
    const fake = terminal();
    expect(await runCli(['plan', '--spec', join(cli.folder, 'bad.yaml')], fake)).toBe(2);
    expect(fake.notes.join('\n')).toContain('horizon');
  });

  it('writes errors as JSON with --json and shows no stack', async () => {
    await start();
    const fake = terminal();
    expect(await runCli(['show', 'r-9', '--json'], fake)).toBe(2);
    expect(lines(fake.notes.join('\n'))).toEqual([
      {
        error: {
          code: 'NOT_FOUND',
          message: 'there is no run r-9',
          remedy: 'onescan ls lists the runs',
          details: {},
        },
      },
    ]);
  });
});

describe('plan', () => {
  it('prints cost, columns and the naive way', async () => {
    await start();
    const fake = terminal();
    expect(await runCli(['plan', '--pairs', 'eurusd,usdjpy'], fake)).toBe(0);
    expect(fake.data()).toContain('1 statement, 2.00 GiB, $0.012 of a budget of $50.00');
    expect(fake.data()).toContain('14 statements, 28.0 GiB, $0.17, 14.0 times as much');
  });

  it('exits 3 when the estimate is over the budget', async () => {
    await start({ usd: 51 });
    const fake = terminal();
    expect(await runCli(['plan'], fake)).toBe(3);
    expect(fake.data()).toContain(
      'OVER BUDGET: estimate $51.00 against $50.00: it cannot be approved; raise --budget, or read fewer rows',
    );
  });

  it('is one JSON document with --json', async () => {
    await start();
    const fake = terminal();
    expect(await runCli(['--json', 'plan'], fake)).toBe(0);
    expect(JSON.parse(fake.data())).toMatchObject({
      plan: { usd: 0.0122, pairs: [{ cached: false }, { cached: true }] },
    });
  });
});

describe('run', () => {
  it('approves within the budget with --yes and prints verdicts and costs', async () => {
    await start();
    const fake = terminal();
    expect(await runCli(['run', '--pairs', 'eurusd,usdjpy', '--yes', '--set', 'a.b=1'], fake)).toBe(0);
    expect(cli.coordinator?.startedSpecs[0]).toMatchObject({
      pairs: ['eurusd', 'usdjpy'],
      overrides: { 'a.b': '1' },
    });
    expect(cli.coordinator?.approvals).toEqual([
      { planHash: '0123456789abcdef'.repeat(4), approvedBy: expect.stringContaining('--yes') as string },
    ]);
    const notes = fake.notes.join('\n');
    expect(notes).toContain('usdjpy: cached dataset d1d1d1d1d1d1 from 2026-03-01T12:00:00Z, no query');
    expect(notes.indexOf('Plan 0123456789ab')).toBeLessThan(notes.indexOf('approved plan'));
    expect(notes.indexOf('approved plan')).toBeLessThan(notes.indexOf('Run r-1: running'));
    expect(fake.data()).toContain('no skill beyond overlap');
    expect(fake.data()).toContain('Report: /home/report.html');
  });

  it('waits for approval with exit code 3 when nobody can be asked', async () => {
    await start();
    const fake = terminal();
    expect(await runCli(['run'], fake)).toBe(3);
    expect(cli.coordinator?.approvals).toEqual([]);
    expect(fake.notes.at(-1)).toContain('onescan approve r-1');
  });

  it('does not approve over the budget, even with --yes', async () => {
    await start({ usd: 51 });
    const fake = terminal({ answers: ['y'] });
    expect(await runCli(['run', '--yes'], fake)).toBe(3);
    expect(cli.coordinator?.approvals).toEqual([]);
    expect(fake.questions).toEqual([]);
    expect(fake.notes.at(-1)).toContain('Run r-1 waits. OVER BUDGET: estimate $51.00 against $50.00');
    expect(fake.notes.join('\n')).not.toContain('onescan approve');
  });

  it('counts what was billed before against the budget, also where a run is resumed', async () => {
    await start({ usd: 30, alreadyBilledUsd: 25 });
    for (const argv of [
      ['run', '--yes'],
      ['resume', 'r-1'],
    ]) {
      const fake = terminal();
      expect(await runCli(argv, fake)).toBe(3);
      expect(fake.notes.at(-1)).toContain(
        'OVER BUDGET: estimate $30.00 and $25.00 billed before against $50.00',
      );
    }
    expect(cli.coordinator?.approvals).toEqual([]);
  });

  it.each([
    [[], 3, 0],
    [['y'], 0, 1],
  ])('says why --yes may not approve, then asks whoever is there: %j', async (answers, code, approvals) => {
    await start({ usd: 7, autoApproveUsd: 5 });
    const fake = terminal(answers.length > 0 ? { answers } : {});
    expect(await runCli(['run', '--yes'], fake)).toBe(code);
    expect(cli.coordinator?.approvals).toHaveLength(approvals);
    const notes = fake.notes.join('\n');
    expect(notes).toContain('Not approved by --yes: over what needs no person');
    expect(notes).not.toContain('Within the budget');
    if (code === 3) expect(fake.notes.at(-1)).toContain('Approve it with: onescan approve r-1');
  });

  it.each([
    ['y', 0, 1],
    ['n', 3, 0],
    ['', 3, 0],
  ])('asks whoever is there; the answer "%s" gives exit code %i', async (answer, code, approvals) => {
    await start();
    const fake = terminal({ answers: [answer] });
    expect(await runCli(['run'], fake)).toBe(code);
    expect(fake.questions).toEqual(['Approve $0.012 of $50.00? [y/N] ']);
    expect(cli.coordinator?.approvals).toHaveLength(approvals);
  });

  it.each([
    [RunState.RUN_STATE_PARTIAL, 4],
    [RunState.RUN_STATE_FAILED, 5],
    [RunState.RUN_STATE_CANCELLED, 5],
  ])('ends in state %i with exit code %i', async (end, code) => {
    await start({ end });
    expect(await runCli(['run', '--yes'], terminal())).toBe(code);
  });

  it('streams events as JSON lines and ends with the run', async () => {
    await start();
    const fake = terminal();
    expect(await runCli(['run', '--yes', '--json'], fake)).toBe(0);
    const documents = lines(fake.data()) as Record<string, unknown>[];
    expect(documents.slice(0, -1).map((event) => event.sequence)).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
    ]);
    expect(documents.at(-1)).toMatchObject({
      run: { runId: 'r-1', state: 'RUN_STATE_COMPLETED', problems: [] },
    });
  });

  it('takes up a broken stream where it was, without showing an event twice', async () => {
    await start({ breakAfter: 5 });
    const fake = terminal();
    expect(await runCli(['run', '--yes'], fake)).toBe(0);
    expect(cli.coordinator?.watchedAfter).toContain(5n);
    expect(fake.notes.filter((line) => line.startsWith('usdjpy: cached'))).toHaveLength(1);
  });

  it('follows a run whose first events are kept no longer', async () => {
    await start({ removed: 2 });
    const fake = terminal();
    expect(await runCli(['run', '--yes'], fake)).toBe(0);
    expect(cli.coordinator?.watchedAfter.slice(0, 2)).toEqual([0n, 2n]);
  });

  it('says on Ctrl-C that the run goes on, and exits 130', async () => {
    await start({ neverEnds: true });
    const fake = terminal();
    const code = runCli(['run', '--yes'], fake);
    while (!fake.notes.some((line) => line.includes('h15: done'))) await new Promise(setImmediate);
    fake.pressCtrlC();
    expect(await code).toBe(130);
    expect(fake.notes.join('\n')).toContain('onescan watch r-1');
    expect(cli.coordinator?.cancels).toEqual([]);
  });

  it('sends a rerun without pairs', async () => {
    await start();
    expect(await runCli(['rerun', 'r-0', '--preset', 'mandated'], terminal())).toBe(0);
    expect(cli.coordinator?.rerunsOf).toEqual(['r-0']);
    expect(cli.coordinator?.startedSpecs[0]).toMatchObject({ preset: 'mandated', pairs: [] });
    expect(cli.coordinator?.startedSpecs[0]?.universe).toBeUndefined();
  });

  it('sends what part of the datasets a rerun is to take, groups by their names', async () => {
    await start();
    const part = ['--pairs', 'eurusd', '--horizons', '30', '--rows', '500', '--groups', 'mine,tri'];
    const globs = ['--exclude', 'mkt_*', '--exclude', 'a.b'];
    expect(await runCli(['rerun', 'r-0', ...part, ...globs], terminal())).toBe(0);
    expect(cli.coordinator?.startedSpecs[0]).toMatchObject({
      pairs: ['eurusd'],
      horizons: [30],
      sample: { rows: 500 },
      universe: { groups: [{ name: 'mine', tables: [] }, { name: 'tri' }], exclude: ['mkt_*', 'a.b'] },
    });
  });
});
