import { HorizonSummary, TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import type { ResultDocument } from '../model/result-document.js';
import {
  blankPairsAndTasks,
  blankRun,
  type RunSnapshot,
  type TaskRecord,
  taskKey,
} from '../model/run-record.js';
import type { ReportData, ReportTask } from '../report/report-data.js';

/** A result document and the figures that come beside it. */
export interface ReportedTask {
  readonly document: ResultDocument;
  readonly features: ReportTask['features'];
  readonly summary?: Partial<HorizonSummary>;
  readonly seconds?: number;
}

/** What the report of a finished run reads, one result a task. */
export function reportOf(tasks: readonly ReportedTask[]): ReportData {
  const pairs = [...new Set(tasks.map(({ document }) => document.pair))];
  const horizons = [...new Set(tasks.map(({ document }) => document.horizon))];
  const spec = resolveRunSpec(RunSpec.fromPartial({ pairs, horizons }));
  const facts = { runId: 'r-1', spec, rerunOf: '', traceparent: '', createdMs: 0 };
  const blank = blankPairsAndTasks('r-1', spec);
  const tasksOf = new Map<string, TaskRecord>(
    blank.tasks.map((task) => [taskKey(task.pair, task.horizon), task]),
  );
  const snapshot: RunSnapshot = {
    run: { ...blankRun(facts), state: 'COMPLETED', endedMs: 60_000 },
    pairs: new Map(blank.pairs.map((pair) => [pair.pair, pair])),
    tasks: tasksOf,
  };
  const done = tasks.map(({ document, features, summary, seconds = 1 }) => ({
    pair: document.pair,
    horizon: document.horizon,
    attempt: 1,
    summary: HorizonSummary.fromPartial({ verdict: document.verdict, verdictText: 'a verdict', ...summary }),
    stats: TaskStats.fromPartial({ trainerId: 't', stageSeconds: { load: seconds, model: 2 } }),
    document,
    features,
  }));
  for (const { pair, horizon, summary } of done) {
    const key = taskKey(pair, horizon);
    tasksOf.set(key, { ...tasksOf.get(key)!, state: 'DONE', summary });
  }
  return {
    snapshot,
    done,
    unfinished: [],
    totals: [],
    fetchesAtOnce: 1,
    maps: [],
    families: [],
    curves: [],
    timeline: [],
    traces: '',
  };
}
