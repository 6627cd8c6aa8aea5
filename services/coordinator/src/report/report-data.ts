import type { HorizonSummary, TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type ResultDocument, readResultDocument } from '../model/result-document.js';
import type { RunSnapshot, TaskRecord } from '../model/run-record.js';
import {
  type FamilyTotal,
  type FeatureMap,
  type FrequencyCurve,
  readFamilyTotals,
  readFeatureMaps,
  readFrequencyCurves,
} from '../store/ledger-figures.js';
import type { LedgerTotal, RankedFeature } from '../store/ledger-table.js';
import type { Store } from '../store/store.js';
import { readTimeline, type Stretch } from './run-timeline.js';

/** Features shown for a task. */
const TOP_FEATURES = 15;
/** Features of a pair's heat map, and of the curve of a task's selection frequencies. */
const MAPPED_FEATURES = 20;
const CURVE_FEATURES = 60;

/** A finished task with all that the report says of it. */
export interface ReportTask {
  pair: string;
  horizon: number;
  attempt: number;
  summary: HorizonSummary;
  stats: TaskStats | undefined;
  document: ResultDocument;
  features: RankedFeature[];
}

/** Everything that the report shows of a run. */
export interface ReportData {
  snapshot: RunSnapshot;
  done: ReportTask[];
  unfinished: TaskRecord[];
  totals: LedgerTotal[];
  /** Datasets that the coordinator has fetched at a time. */
  fetchesAtOnce: number;
  maps: readonly FeatureMap[];
  families: readonly FamilyTotal[];
  curves: readonly FrequencyCurve[];
  timeline: readonly Stretch[];
  /** Address of a Jaeger; empty without one. */
  traces: string;
}

/** Makes the HTML of a report. */
export type RenderReport = (data: ReportData) => Promise<string>;

/** Reads a run's report data from the store. */
export async function readReportData(
  store: Store,
  snapshot: RunSnapshot,
  { fetchesAtOnce, traces }: Pick<ReportData, 'fetchesAtOnce' | 'traces'>,
): Promise<ReportData> {
  const { runId } = snapshot.run;
  const tasks = [...snapshot.tasks.values()];
  const done: ReportTask[] = [];
  for (const task of tasks.filter(({ state }) => state === 'DONE')) done.push(await readTask(store, task));
  return {
    snapshot,
    done,
    unfinished: tasks.filter(({ state }) => state !== 'DONE'),
    totals: await store.totalLedger(runId),
    fetchesAtOnce,
    maps: await store.readRunTable((reader) => readFeatureMaps(reader, runId, MAPPED_FEATURES)),
    families: await store.readRunTable((reader) => readFamilyTotals(reader, runId)),
    curves: await store.readRunTable((reader) => readFrequencyCurves(reader, runId, CURVE_FEATURES)),
    timeline: await readTimeline(store, runId),
    traces,
  };
}

async function readTask(store: Store, task: TaskRecord): Promise<ReportTask> {
  const { runId, pair, horizon, attempt, summary, stats } = task;
  const stored = await store.readResult(runId, pair, horizon);
  if (!stored || !summary)
    throw new OnescanError('DATA_LOSS', `the result of ${pair} h${horizon} is missing`);
  return {
    pair,
    horizon,
    attempt,
    summary,
    stats,
    document: readResultDocument(task, stored.document),
    features: await store.readTopFeatures(task, TOP_FEATURES),
  };
}
