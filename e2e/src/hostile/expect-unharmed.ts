import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { expect } from 'vitest';
import { PROCESSES, type Trial } from './hostile-trial.js';
import { RPCS } from './rpcs.js';

/** Bounds that a trial must keep, whatever it was sent; docs/security.md states them. */
export const TRIAL_BOUNDS = {
  /** Resident memory of a process beyond what it was before, at any time and in the end. */
  rssMib: { peak: 900, after: 500 },
  handles: 6,
  threads: 6,
  /** Longest wait of a client that behaves, for one answer. */
  longestMs: 60_000,
} as const;

/** Share of the messages that every RPC gets at least. */
export const LEAST_SHARE = 0.02;

/** Tells by name what a trial has done to the services that it must not. */
export function expectUnharmed(trial: Trial): void {
  const { session, service, figures, files, runs, documents } = trial;
  expect(trial.ended, trial.logs.slice(-20_000)).toEqual([]);
  expect(session.oddities).toEqual([]);
  expect(service.failures).toEqual([]);
  expect(service.longestMs).toBeLessThan(TRIAL_BOUNDS.longestMs);

  expect(Object.keys(session.rpcs)).toHaveLength(RPCS.length);
  for (const [name, { messages }] of Object.entries(session.rpcs)) {
    expect(messages / session.messages, name).toBeGreaterThan(LEAST_SHARE);
  }

  // Nothing was billed that nobody approved.
  const fetches = trial.jobs.filter(({ purpose }) => purpose === 'fetch');
  expect(fetches.filter(({ runId }) => !trial.approved.has(runId))).toEqual([]);

  for (const name of figures ? PROCESSES : []) {
    const [before, after] = [figures!.before[name], figures!.after[name]];
    const { rssMib, handles, threads } = TRIAL_BOUNDS;
    expect(after.handles - before.handles, `handles of the ${name}`).toBeLessThanOrEqual(handles);
    expect(after.threads - before.threads, `threads of the ${name}`).toBeLessThanOrEqual(threads);
    expect(after.rssMib - before.rssMib, `MiB of the ${name}`).toBeLessThan(rssMib.after);
    expect(figures!.peakRssMib[name]! - before.rssMib, `peak MiB of the ${name}`).toBeLessThan(rssMib.peak);
  }

  // What is new are datasets that can be opened, and backups; only backups have gone, for newer ones.
  expect(trial.unreadable).toEqual([]);
  const comes = /^state\/backups\/[^/]+\.duckdb$|^datasets\/[^/]+\.duckdb$|\/audit-\d+\.jsonl$/;
  const come = files.after.filter((path) => !files.before.includes(path));
  expect(come.filter((path) => !comes.test(path))).toEqual([]);
  const gone = files.before.filter((path) => !files.after.includes(path));
  expect(gone.filter((path) => !/^state\/backups\//.test(path))).toEqual([]);

  // And all goes on as it went.
  expect(runs.after.state, runs.after.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  expect(documents.after).toEqual(documents.before);
}
