import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { type FakeTerminal, fakeTerminal } from '../testing/fake-terminal.js';
import { type ScriptedCoordinator, scriptedCoordinator } from '../testing/scripted-coordinator.js';

let coordinator: ScriptedCoordinator;

beforeEach(async () => {
  coordinator = await scriptedCoordinator({ earlierRuns: 24 });
});
afterEach(() => coordinator.stop());

function terminal(): FakeTerminal {
  return fakeTerminal({ env: { ONESCAN_COORDINATOR: coordinator.address } });
}

describe('ls', () => {
  async function listed(...argv: string[]): Promise<{ ids: string[]; notes: string }> {
    const fake = terminal();
    expect(await runCli(['ls', ...argv], fake)).toBe(0);
    const ids = fake.data().match(/^r-[\d.]+/gm) ?? [];
    return { ids, notes: fake.notes.join('\n') };
  }

  it('lists the newest 20 first and says how many there are', async () => {
    const { ids, notes } = await listed();
    expect(ids).toHaveLength(20);
    expect(ids.slice(0, 2)).toEqual(['r-1', 'r-0.24']);
    expect(notes).toContain('The newest 20 of 25 runs');
  });

  it('--limit says how many; nothing is said when these are all', async () => {
    expect((await listed('--limit', '3')).ids).toEqual(['r-1', 'r-0.24', 'r-0.23']);
    expect(await listed('--limit', '25')).toMatchObject({ notes: '' });
    expect(await runCli(['ls', '--limit', '0'], terminal())).toBe(2);
  });

  it('--json lists all, or as many as --limit says', async () => {
    const fake = terminal();
    await runCli(['ls', '--json'], fake);
    const { runs } = JSON.parse(fake.data()) as { runs: { runId: string }[] };
    expect(runs).toHaveLength(25);
    expect(runs[0]?.runId).toBe('r-1');
    const limited = terminal();
    await runCli(['ls', '--json', '--limit', '2'], limited);
    expect((JSON.parse(limited.data()) as { runs: unknown[] }).runs).toHaveLength(2);
  });

  it('asks the coordinator for what the flags say', async () => {
    const flags = ['--state', 'awaiting-approval', '--label', 'team=f"x', '--since', '2026-11-01'];
    await listed(...flags, '--filter', 'name : "carry"');
    expect(coordinator.filters).toEqual([
      'state = "AWAITING_APPROVAL" AND labels.team = "f\\"x" AND create_time >= "2026-11-01" AND name : "carry"',
    ]);
    expect(await runCli(['ls', '--label', 'team'], terminal())).toBe(2);
  });
});

it('rm removes the runs that are named', async () => {
  const fake = terminal();
  expect(await runCli(['rm', 'r-0.1', 'r-0.2'], fake)).toBe(0);
  expect(fake.data()).toBe('removed r-0.1\nremoved r-0.2\n');
  expect(coordinator.deleted).toEqual(['r-0.1', 'r-0.2']);
});
