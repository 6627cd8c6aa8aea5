import { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { HorizonSummary, TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import { readResultDocument } from '../model/result-document.js';
import type { ReportData } from '../report/report-data.js';
import type { Stretch } from '../report/run-timeline.js';
import { reportOf } from './report-of-documents.js';
import { resultDocument } from './sample-document.js';

/** Families of the full universe, as the tables are called. */
const FAMILIES = [
  'agg',
  'align',
  'base',
  'corr',
  'cov',
  'csi',
  'cyc',
  'der',
  'div',
  'ext',
  'lag',
  'mkt',
  'mom',
  'mrt',
  'reg',
  'tri',
  'tmp',
  'var',
  'vol',
];
const SAMPLED = { features: 10, rows: 200 };
const TASK_MS = 90_000;

/** What the report of a run of so many pairs and horizons over a wide universe reads: the same for the same size. */
export function wideReport(
  pairs: readonly string[],
  horizons: readonly number[],
  features: number,
): ReportData {
  const tasks = pairs.flatMap((pair, p) =>
    horizons.map((horizon, h) => {
      const wave = (k: number): number => Math.sin(1 + p * 7.1 + h * 3.3 + k * 1.7);
      const best = Array.from({ length: 15 }, (_, i) =>
        nameOf(pair, Math.floor(Math.abs(wave(i)) * features)),
      );
      const made = resultDocument(pair, horizon);
      const sample = {
        rows: SAMPLED.rows,
        features: best.slice(0, SAMPLED.features).map((feature, i) => {
          const values = Array.from({ length: SAMPLED.rows }, (_, k) => Number((wave(i + k) * 3).toFixed(4)));
          return {
            feature,
            values,
            shap: values.map((value, k) => Number((0.05 * value + 0.02 * wave(k)).toFixed(5))),
          };
        }),
      };
      const top = best.slice(0, 6).map((feature, i) => ({
        feature,
        dependence: Array.from({ length: 10 }, (_, k) => ({
          rows: 100,
          meanValue: k - 5,
          meanShap: 0.02 * (k - 5) * wave(i),
        })),
      }));
      const verdict = wave(0) > 0.8 ? 'SKILL' : 'NO_SKILL_BEYOND_OVERLAP';
      const document = readResultDocument(
        { pair, horizon },
        Buffer.from(
          JSON.stringify({
            ...made,
            verdict,
            features: { tested: features, retained: 15 },
            shap: {
              ...made.shap,
              sample,
              top,
              features: best.map((feature, i) => ({
                feature,
                meanAbs: 0.2 / (i + 1),
                byFold: [1, 2, 3, 4, 5].map((k) =>
                  k === 2 ? null : Number((0.002 * wave(i + k)).toFixed(6)),
                ),
              })),
            },
          }),
        ),
      );
      const skill = 0.004 * (wave(0) - 0.5);
      const summary = HorizonSummary.fromPartial({
        verdict,
        verdictText: `${pair} h${horizon}: ${verdict === 'SKILL' ? 'skill' : 'no skill'} beyond overlap`,
        accuracy: 0.52 + 0.03 * wave(0),
        bestBaseline: 'overlap_logistic',
        bestBaselineAccuracy: 0.51,
        skill,
        skillLow: skill - 0.001,
        skillHigh: skill + 0.001,
        featuresTested: features,
        featuresRetained: 15,
        expectedFalseSelections: 0.5,
      });
      const ranked = best.map((featureId, i) => ({
        featureId,
        rank: i + 1,
        selectionFrequency: 1 - i / 40,
        importance: 1 / (i + 1),
        shapMeanAbs: 0.2 / (i + 1),
      }));
      return { document, features: ranked, summary, seconds: 20 };
    }),
  );
  const data = reportOf(tasks);
  const stats = TaskStats.fromPartial({ peakRssBytes: 5n << 30n, memoryLimitBytes: 8n << 30n });
  const { run, tasks: blank } = data.snapshot;
  const attempted = [...blank].map(([key, task], i) => {
    const startedMs = i * TASK_MS;
    const own = { attempt: 1, trainerId: `trainer-${1 + (i % 8)}`, startedMs, endedMs: startedMs + TASK_MS };
    const attempt = {
      ...own,
      outcome: 'DONE' as const,
      message: '',
      stage: '',
      fraction: 0,
      peakRssBytes: 5n << 30n,
    };
    return [key, { ...task, attempts: [attempt] }] as const;
  });
  return {
    ...data,
    snapshot: { ...data.snapshot, run: { ...run, evidence: evidenceOf(tasks) }, tasks: new Map(attempted) },
    done: data.done.map((task, i) => ({
      ...task,
      stats: {
        ...stats,
        trainerId: `trainer-${1 + (i % 8)}`,
        stageSeconds: { load: 4, prune: 2, select: 30, model: 40, explain: 12 },
      },
    })),
    totals: totalsOf(features * pairs.length * horizons.length),
    maps: pairs.map((pair, p) => ({
      pair,
      features: Array.from({ length: 20 }, (_, i) => ({
        featureId: nameOf(pair, 13 * p + 29 * i),
        frequency: new Map(
          horizons.map((horizon, h) => [horizon, Math.abs(Math.sin(p + i * 0.9 + h * 0.4))]),
        ),
        retained: new Set(horizons.filter((_, h) => (i + h) % 3 === 0)),
      })),
    })),
    families: pairs.flatMap((pair, p) =>
      FAMILIES.map((family, f) => ({
        family,
        pair,
        features: Math.round(features / FAMILIES.length),
        retained: 3,
        share: (1 + Math.sin(p + f)) / (2 * FAMILIES.length),
      })),
    ),
    curves: pairs.flatMap((pair) =>
      horizons.map((horizon) => ({
        pair,
        horizon,
        frequencies: Array.from({ length: 60 }, (_, i) => Number(Math.exp(-i / 18).toFixed(3))),
      })),
    ),
    timeline: timelineOf(pairs, horizons),
  };
}

function evidenceOf(tasks: readonly { readonly document: { pair: string; horizon: number } }[]): RunEvidence {
  return RunEvidence.fromPartial({
    tests: tasks.length,
    tested: tasks.length,
    calendarBlocks: 60,
    adjusted: tasks.map(({ document: { pair, horizon } }) => ({ pair, horizon, holm: 0.2, romanoWolf: 0.1 })),
  });
}

function nameOf(pair: string, i: number): string {
  return `${FAMILIES[i % FAMILIES.length]}_bqx_${pair}.${['roc', 'mean', 'slope', 'range', 'z'][i % 5]}_${15 * (1 + (i % 24))}_ma_${i}`;
}

function totalsOf(rows: number): ReportData['totals'] {
  const share = (part: number): number => Math.round(rows * part);
  return [
    { status: 'EXCLUDED', stage: 'plan', reasonCode: 'future_name', rows: share(0.01) },
    { status: 'PRUNED', stage: 'prune', reasonCode: 'nearly_same_values', rows: share(0.42) },
    { status: 'PRUNED', stage: 'select', reasonCode: 'unstable', rows: share(0.567) },
    { status: 'RETAINED', stage: 'model', reasonCode: 'stable', rows: share(0.003) },
  ];
}

function timelineOf(pairs: readonly string[], horizons: readonly number[]): Stretch[] {
  const fetches = pairs.map((pair, p): Stretch => {
    const fromMs = p * 3 * TASK_MS;
    return { where: 'fetch', what: pair, fromMs, toMs: fromMs + 2 * TASK_MS, ended: 'done' };
  });
  const tasks = pairs.flatMap((pair, p) =>
    horizons.map((horizon, h): Stretch => {
      const fromMs = (3 * Math.floor(p / 8) * 8 + 2 + h) * TASK_MS;
      const ended = (p + h) % 31 === 30 ? 'failed' : 'done';
      return {
        where: `trainer-${1 + (p % 8)}`,
        what: `${pair} h${horizon}`,
        fromMs,
        toMs: fromMs + TASK_MS,
        ended,
      };
    }),
  );
  return [...fetches, ...tasks].sort((a, b) => a.fromMs - b.fromMs);
}
