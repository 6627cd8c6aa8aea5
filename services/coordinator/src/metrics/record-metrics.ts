import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Instruments } from '@onescan/process/metrics/instruments.js';
import { identityOf, type SpanIdentity } from '@onescan/process/telemetry/span-ids.js';
import type { TrainerRegistry } from '../hub/trainer-registry.js';
import { bytesToFetch, priceOf } from '../model/cost.js';
import type { RunSnapshot, TaskRecord } from '../model/run-record.js';
import { attemptIdentity } from '../runs/attempt-span.js';
import { isEnded } from '../states/run-state.js';
import { STATE_FILE } from '../store/open-state-file.js';
import { COORDINATOR_METRICS, STAGES } from './coordinator-metrics.js';

/** What is measured. */
export interface MeasuredParts {
  readonly book: { active(): readonly RunSnapshot[]; observe(observer: RunObserver): void };
  readonly registry: Pick<TrainerRegistry, 'connected'>;
  readonly clock: () => number;
  readonly monotonic: () => number;
  readonly options: { readonly stateDir: string };
}

/** Told of each change of a run after it is stored. */
export type RunObserver = (before: RunSnapshot, after: RunSnapshot) => void;

const MS_PER_S = 1_000;

/** Measures the coordinator from outside: by what changes in its runs, and by what is there when somebody reads. */
export function recordMetrics(instruments: Measured, parts: MeasuredParts): void {
  const changes = new RunChanges(instruments, parts);
  parts.book.observe((before, after) => changes.observe(before, after));
  observeState(instruments, parts, changes);
}

type Measured = Instruments<typeof COORDINATOR_METRICS>;

/** Counts what changes in runs. */
class RunChanges {
  readonly #instruments: Measured;
  readonly #parts: MeasuredParts;
  /** When a task became ready, on the monotonic clock; only of tasks that are. */
  readonly #readySince = new Map<string, number>();
  /** When a run began to wait for an approval, on the clock of the day. */
  readonly waitingSince = new Map<string, number>();

  constructor(instruments: Measured, parts: MeasuredParts) {
    this.#instruments = instruments;
    this.#parts = parts;
  }

  observe(before: RunSnapshot, after: RunSnapshot): void {
    const { runId, state } = after.run;
    if (before.run.state !== state) {
      if (isEnded(state)) this.#instruments.add('onescan.run.ends', 1, { state });
      if (isWaiting(state)) this.waitingSince.set(runId, this.#parts.clock());
      else this.waitingSince.delete(runId);
    }
    const [old, now] = [before.run.approvals.at(-1), after.run.approvals.at(-1)];
    if (now && now !== old) {
      this.#instruments.add('onescan.approved_bytes', Number(now.bytes - (old?.bytes ?? 0n)));
      this.#instruments.add('onescan.approved_usd', now.usd - (old?.usd ?? 0));
    }
    for (const [name, pair] of after.pairs) {
      const was = before.pairs.get(name);
      if (was === pair) continue;
      this.#instruments.add('onescan.billed_bytes', Number(pair.bytesBilled - (was?.bytesBilled ?? 0n)));
      this.#instruments.add('onescan.billed_usd', pair.usd - (was?.usd ?? 0));
      if (pair.state !== 'FETCHED' || was?.state === 'FETCHED') continue;
      const source = pair.dataset?.cached ? 'cached' : 'fetched';
      const span = identityOf(after.run.traceparent);
      this.#instruments.record('onescan.fetch.duration_seconds', pair.fetchSeconds, { source }, span);
    }
    for (const [key, task] of after.tasks) {
      const was = before.tasks.get(key);
      if (was !== task && was?.state !== task.state)
        this.#task(`${runId} ${key}`, was, { task, span: attemptIdentity(after.run.traceparent, task) });
    }
    if (isEnded(state)) for (const key of after.tasks.keys()) this.#readySince.delete(`${runId} ${key}`);
  }

  #task(
    key: string,
    before: TaskRecord | undefined,
    { task: { state, stats, attempts }, span }: { task: TaskRecord; span: SpanIdentity | undefined },
  ): void {
    const now = this.#parts.monotonic();
    const since = this.#readySince.get(key);
    if (state === 'LEASED' && since !== undefined)
      this.#instruments.record('onescan.task.queue.duration_seconds', (now - since) / MS_PER_S, {}, span);
    if (state === 'READY') this.#readySince.set(key, now);
    else this.#readySince.delete(key);
    if (before?.state !== 'LEASED') return;
    this.#instruments.add('onescan.task.attempts', 1, { state });
    const failure = { kind: attempts.at(-1)?.outcome ?? '', state };
    if (this.#instruments.has('onescan.task.failures', failure))
      this.#instruments.add('onescan.task.failures', 1, failure);
    if (state !== 'DONE') return;
    for (const stage of STAGES) {
      const seconds = stats?.stageSeconds[stage];
      if (seconds !== undefined)
        this.#instruments.record('onescan.task.stage.duration_seconds', seconds, { stage }, span);
    }
  }
}

function isWaiting(state: string): boolean {
  return state === 'AWAITING_APPROVAL' || state === 'AWAITING_PILOT_APPROVAL';
}

function observeState(
  instruments: Measured,
  { book, registry, clock, monotonic, options }: MeasuredParts,
  { waitingSince }: RunChanges,
): void {
  const runs = (): RunSnapshot['run'][] => book.active().map(({ run }) => run);
  const statesOf = (name: 'onescan.runs' | 'onescan.tasks', found: readonly string[]) =>
    COORDINATOR_METRICS[name].attributes.state.map(
      (state) => [found.filter((each) => each === state).length, { state }] as const,
    );
  instruments.observe('onescan.runs', () =>
    statesOf(
      'onescan.runs',
      runs().map(({ state }) => state),
    ),
  );
  instruments.observe('onescan.tasks', () =>
    statesOf(
      'onescan.tasks',
      book.active().flatMap(({ tasks }) => [...tasks.values()].map(({ state }) => state)),
    ),
  );
  instruments.observe('onescan.run.approval.age_seconds', () => {
    const ages = runs()
      .filter(({ state }) => isWaiting(state))
      .map(({ runId, createdMs }) => clock() - (waitingSince.get(runId) ?? createdMs));
    return [[Math.max(0, ...ages) / MS_PER_S]];
  });
  instruments.observe('onescan.trainers', () => {
    const connected = registry.connected();
    const busy = connected.filter(({ current }) => current !== undefined).length;
    const draining = connected.filter((each) => !each.current && each.restsUntilMs > monotonic()).length;
    return [
      [busy, { state: 'busy' }],
      [connected.length - busy - draining, { state: 'idle' }],
      [draining, { state: 'draining' }],
    ];
  });
  const toFetch = (bytesOf: (bytes: bigint, run: RunSnapshot) => number) => () => {
    const each = book.active().flatMap((run) => {
      const underWay = [...run.pairs.values()].filter(({ state }) => state === 'FETCHING');
      return underWay.map(({ pair }) => bytesOf(bytesToFetch(run, pair), run));
    });
    return [[each.reduce((sum, value) => sum + value, 0)] as const];
  };
  instruments.observe('onescan.reserved_bytes', toFetch(Number));
  instruments.observe(
    'onescan.reserved_usd',
    toFetch((bytes, { run }) => priceOf(bytes, run.plan!)),
  );
  instruments.observe('onescan.trainer.memory.utilization_ratio', () => {
    const shares = registry
      .connected()
      .filter(({ memoryLimitBytes }) => memoryLimitBytes > 0n)
      .map(({ rssBytes, memoryLimitBytes }) => Number(rssBytes) / Number(memoryLimitBytes));
    return [[Math.max(0, ...shares)]];
  });
  instruments.observe('onescan.state.disk.free_bytes', () => {
    const { bavail, bsize } = statfsSync(options.stateDir);
    return [[bavail * bsize]];
  });
  instruments.observe('onescan.state.database_bytes', () => {
    const bytes = statSync(join(options.stateDir, STATE_FILE), { throwIfNoEntry: false })?.size;
    return bytes === undefined ? [] : [[bytes]];
  });
}
