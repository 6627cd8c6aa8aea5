import { statfsSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricRow } from '@onescan/process/telemetry/metric-table.js';
import type { Attributes, Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api';
import type { TrainerRegistry } from '../hub/trainer-registry.js';
import type { RunSnapshot, TaskRecord } from '../model/run-record.js';
import { isEnded } from '../states/run-state.js';
import { COORDINATOR_METRICS, type CoordinatorMetric, STAGES } from './coordinator-metrics.js';

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

const NS_PER_S = 1e9;
const MS_PER_S = 1_000;

/** Measures the coordinator from outside: by what changes in its runs, and by what is there when somebody reads. */
export function recordMetrics(meter: Meter, parts: MeasuredParts): void {
  const instruments = new Instruments(meter);
  const changes = new RunChanges(instruments, parts);
  parts.book.observe((before, after) => changes.observe(before, after));
  observeState(instruments, parts, changes);
}

/** Instruments by the table's names. */
class Instruments {
  readonly #meter: Meter;
  readonly #made = new Map<string, Counter | Histogram>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  add(name: CoordinatorMetric, value: number, attributes: Attributes = {}): void {
    // A correction downwards is none of a counter.
    if (value > 0) (this.#instrument(name) as Counter).add(value, attributes);
  }

  record(name: CoordinatorMetric, value: number, attributes: Attributes = {}): void {
    (this.#instrument(name) as Histogram).record(Math.max(0, value), attributes);
  }

  /** `read` gives values with their attributes each time that somebody reads. */
  observe(name: CoordinatorMetric, read: () => Iterable<readonly [number, Attributes?]>): void {
    const gauge: ObservableGauge = this.#meter.createObservableGauge(name, this.#terms(name));
    gauge.addCallback((result) => {
      for (const [value, attributes] of read()) result.observe(value, attributes);
    });
  }

  #instrument(name: CoordinatorMetric): Counter | Histogram {
    const known = this.#made.get(name);
    if (known) return known;
    const { kind, buckets = [] }: MetricRow = COORDINATOR_METRICS[name];
    const terms = this.#terms(name);
    const made =
      kind === 'counter'
        ? this.#meter.createCounter(name, terms)
        : this.#meter.createHistogram(name, { ...terms, advice: { explicitBucketBoundaries: [...buckets] } });
    this.#made.set(name, made);
    return made;
  }

  #terms(name: CoordinatorMetric): { unit: string; description: string } {
    const { unit, doc } = COORDINATOR_METRICS[name];
    return { unit, description: doc };
  }
}

/** Counts what changes in runs. */
class RunChanges {
  readonly #instruments: Instruments;
  readonly #parts: MeasuredParts;
  /** When a task became ready, on the monotonic clock; only of tasks that are. */
  readonly #readySince = new Map<string, number>();
  /** When a run began to wait for an approval, on the clock of the day. */
  readonly waitingSince = new Map<string, number>();

  constructor(instruments: Instruments, parts: MeasuredParts) {
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
      this.#instruments.record('onescan.fetch.duration_seconds', pair.fetchSeconds, { source });
    }
    for (const [key, task] of after.tasks) {
      const was = before.tasks.get(key);
      if (was !== task && was?.state !== task.state) this.#task(`${runId} ${key}`, was, task);
    }
    if (isEnded(state)) for (const key of after.tasks.keys()) this.#readySince.delete(`${runId} ${key}`);
  }

  #task(key: string, before: TaskRecord | undefined, { state, stats }: TaskRecord): void {
    const now = this.#parts.monotonic();
    const since = this.#readySince.get(key);
    if (state === 'LEASED' && since !== undefined)
      this.#instruments.record('onescan.task.queue.duration_seconds', (now - since) / MS_PER_S);
    if (state === 'READY') this.#readySince.set(key, now);
    else this.#readySince.delete(key);
    if (before?.state !== 'LEASED') return;
    this.#instruments.add('onescan.task.attempts', 1, { state });
    if (state !== 'DONE') return;
    for (const stage of STAGES) {
      const seconds = stats?.stageSeconds[stage];
      if (seconds !== undefined)
        this.#instruments.record('onescan.task.stage.duration_seconds', seconds, { stage });
    }
  }
}

function isWaiting(state: string): boolean {
  return state === 'AWAITING_APPROVAL' || state === 'AWAITING_PILOT_APPROVAL';
}

function observeState(
  instruments: Instruments,
  { book, registry, clock, options }: MeasuredParts,
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
    return [
      [busy, { state: 'busy' }],
      [connected.length - busy, { state: 'idle' }],
    ];
  });
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
  instruments.observe('onescan.process.memory_bytes', () => [[process.memoryUsage.rss()]]);
  const delay = monitorEventLoopDelay();
  delay.enable();
  instruments.observe('onescan.event_loop.delay_seconds', () => {
    const seconds = delay.percentile(99) / NS_PER_S;
    delay.reset();
    return [[seconds]];
  });
}
