import type { Instruments } from '@onescan/process/metrics/instruments.js';
import type { MetricTable } from '@onescan/process/metrics/metric-table.js';
import { calledRow } from '@onescan/process/metrics/rpc-metrics.js';
import type { SpanIdentity } from '@onescan/process/telemetry/span-ids.js';
import type { ComputeEvent, ComputeStage } from '../compute/compute-protocol.js';
import { TRAINER_STATES, type TrainerState } from '../life-cycle.js';
import { TASK_FAILURES, type TaskFailureKind } from '../tasks/task-messages.js';

const STAGES = ['load', 'prune', 'select', 'model', 'explain'] as const satisfies readonly ComputeStage[];

/** Seconds: from what a test takes to what a night does. */
const SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400];

const MS_PER_S = 1_000;

/** Every metric of a trainer, beside those of each process; docs/metrics.md holds the same table. */
export const TRAINER_METRICS = {
  ...calledRow('Connect'),
  'onescan.trainer.state': {
    kind: 'gauge',
    unit: '{state}',
    doc: '1 for the state that it is in, 0 for the others',
    attributes: { state: TRAINER_STATES },
  },
  'onescan.trainer.tasks': {
    kind: 'counter',
    unit: '{attempt}',
    doc: 'attempts that ended here, by how',
    attributes: { outcome: ['DONE', ...TASK_FAILURES] },
  },
  'onescan.trainer.stage.duration_seconds': {
    kind: 'histogram',
    unit: 's',
    doc: 'stages that ended, also of attempts that failed later; `load` includes a download',
    attributes: { stage: STAGES },
    buckets: SECONDS,
  },
} as const satisfies MetricTable;

type Measured = Instruments<typeof TRAINER_METRICS>;

/** Measures the attempts of a trainer. */
export class TrainerMetrics {
  readonly #instruments: Measured;
  /** When a stage began, in epoch milliseconds; only of those under way. */
  readonly #began = new Map<ComputeStage, number>();

  constructor(instruments: Measured) {
    this.#instruments = instruments;
  }

  /** @param span of the attempt; undefined without tracing */
  onStage(
    { stage, event, at }: Pick<Extract<ComputeEvent, { kind: 'stage' }>, 'stage' | 'event' | 'at'>,
    span: SpanIdentity | undefined,
  ): void {
    const began = this.#began.get(stage);
    if (event === 'start') {
      this.#began.set(stage, at);
      return;
    }
    this.#began.delete(stage);
    if (began === undefined) return;
    const seconds = (at - began) / MS_PER_S;
    this.#instruments.record('onescan.trainer.stage.duration_seconds', seconds, { stage }, span);
  }

  /** An attempt has ended. */
  onEnd(outcome: 'DONE' | TaskFailureKind): void {
    this.#began.clear();
    this.#instruments.add('onescan.trainer.tasks', 1, { outcome });
  }
}

/** Measures what state a trainer is in, each time that somebody looks. */
export function recordState(instruments: Measured, trainer: { readonly state: TrainerState }): void {
  instruments.observe('onescan.trainer.state', () =>
    TRAINER_STATES.map((state) => [state === trainer.state ? 1 : 0, { state }] as const),
  );
}
