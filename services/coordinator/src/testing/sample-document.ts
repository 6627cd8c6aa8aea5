import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import { HorizonResult, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { type Assign, TaskResult } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { FEATURES } from './scripted-fetcher.js';

const BASELINES = ['majority', 'persistence', 'overlap'];
const GAIN = { gain: 0.03, gainLow: 0.01 };

/** Sixty days of influences that sum to zero, others for every task. */
function calendar(pair: string, horizon: number) {
  const phase = horizon + pair.charCodeAt(0);
  const influence = Array.from({ length: 60 }, (_, day) => 0.001 * Math.sin(day * (1 + phase / 7)));
  const mean = influence.reduce((sum, own) => sum + own, 0) / 60;
  const sums = influence.map((own) => own - mean);
  return { cell: 86_400_000, first: 19_700, gain: sums, edge: sums };
}

/** A made-up result document with the structure of docs/results.md; the same for the same task. */
export function resultDocument(pair: string, horizon: number, datasetContentSha256 = '') {
  const estimate = (value: number) => ({ value, low: value - 0.02, high: value + 0.02, standardError: 0.01 });
  const facts = { horizon, accuracy: 0.613, baseline: 'overlap', baselineAccuracy: 0.58 };
  return {
    format: 'onescan.horizon-result',
    formatVersion: 3,
    pair,
    horizon,
    dataset: { contentSha256: datasetContentSha256 },
    verdict: horizon < 45 ? 'NO_SKILL_BEYOND_OVERLAP' : 'SKILL',
    verdictText: 'scripted',
    verdictReason:
      horizon < 45 ? { code: 'no_skill', facts } : { code: 'skill', facts: { ...facts, ...GAIN } },
    features: { tested: 3, retained: 1 },
    rows: { total: 1000, usable: 990, development: 780, final: 200, explained: 990 },
    segments: [{ name: 'final', rows: 200, from: 1_577_836_800_000, to: 1_580_515_200_000 }],
    skill: {
      level: 0.01,
      logLossGain: estimate(0.03),
      accuracyGain: estimate(0.03),
      unknownEdge: estimate(0.05),
      honestEdge: 0.0798,
      pValue: { gain: 0.002, edge: 0.0001, both: 0.002 },
      detectable: { gain: 0.004, auc: 0.53 },
      blocks: 60,
      calendar: calendar(pair, horizon),
    },
    selection: { method: 'stability', threshold: 0.6, expectedFalseSelections: 0.5, shadowSelections: 0 },
    final: {
      direction: {
        accuracy: estimate(0.613),
        auc: estimate(0.642),
        logLoss: estimate(0.66),
        brier: estimate(0.24),
        calibrationError: estimate(0.021),
      },
    },
    outOfFold: {
      byFold: [2, 3, 4].map((fold) => ({
        fold,
        rows: 200,
        from: 86_400_000 * 100 * fold,
        to: 86_400_000 * (100 * fold + 99),
        auc: 0.62 + fold / 100,
        logLoss: 0.66 - fold / 1_000,
        accuracy: 0.6,
        known: { auc: 0.6, logLoss: 0.67, accuracy: 0.58 },
      })),
    },
    baselines: BASELINES.map((name, i) => ({
      name,
      accuracy: estimate(0.5 + 0.04 * i),
      randomWalkAccuracy: name === 'majority' ? null : 0.58,
    })),
    interactions: {
      tested: 2016,
      shadowSelections: 0,
      retained: [{ features: ['mkt_a.left', 'mkt_b.right'], frequency: 0.72 }],
    },
    reliability: [0.3, 0.45, 0.55, 0.7].map((p) => ({
      rows: 50,
      low: p - 0.05,
      high: p + 0.05,
      meanPredicted: p,
      observed: estimate(p + 0.01),
    })),
    gating: {
      thresholds: [0.55, 0.65, 0.75].map((threshold) => ({
        threshold,
        calls: Math.round(400 * (1 - threshold)),
        coverage: 2 * (1 - threshold),
        accuracy: estimate(threshold + 0.02),
      })),
      coverages: [0.1, 0.38, 1].map((coverage) => ({
        coverage,
        calls: 200 * coverage,
        accuracy: estimate(0.7 - 0.09 * coverage),
        baselines: Object.fromEntries(BASELINES.map((name) => [name, estimate(0.65 - 0.1 * coverage)])),
      })),
      chosen: { threshold: 0.65, calls: 140, coverage: 0.7, accuracy: estimate(0.67) },
    },
    shap: {
      unit: 'log-odds',
      rowsExplained: 990,
      rowsWanted: 100_000,
      rowsWantedMet: false,
      maxAdditivityError: 1.2e-12,
      basis: 'stack',
      known: { name: 'overlap_logistic', meanAbs: 0.412 },
      features: [{ feature: 'agg.mean_45', meanAbs: 0.2, byFold: [0.0004, null, -0.0001] }],
      top: [
        {
          feature: 'agg.mean_45',
          dependence: [
            { missing: true, rows: 90, meanShap: -0.02 },
            { rows: 450, meanValue: -0.7, meanShap: -0.2 },
            { rows: 450, meanValue: 0.7, meanShap: 0.2 },
          ],
        },
      ],
      interactions: { rows: 100, pairs: [{ features: ['agg.mean_45', 'agg.mean_90'], meanAbs: 0.0123 }] },
      sample: {
        rows: 40,
        features: [
          {
            feature: 'agg.mean_45',
            values: Array.from({ length: 40 }, (_, k) => (k % 9 === 0 ? null : Math.sin(k))),
            shap: Array.from({ length: 40 }, (_, k) => (k % 9 === 0 ? -0.02 : 0.3 * Math.sin(k))),
          },
        ],
      },
    },
  };
}

/** A whole result for an assignment: a document, one ledger row for every feature of the universe. */
export function resultOf(assign: Assign, trainerId: string): TaskResult {
  const { pair, horizon, runId } = assign.task!;
  const documented = resultDocument(pair, horizon, assign.dataset!.contentSha256);
  const document = Buffer.from(canonicalJson(documented));
  const result = HorizonResult.create({
    document,
    documentSha256: sha256Hex(document),
    ledger: FEATURES.map((featureId, i) => ({
      runId,
      pair,
      horizon,
      featureId,
      group: 'pair',
      reason: '',
      ...LEDGER[i]!,
      rowsExplained: i === 0 ? 200 : 0,
    })),
    summary: {
      pair,
      horizon,
      verdict: documented.verdict,
      verdictText: documented.verdictText,
      verdictReason: documented.verdictReason,
      auc: documented.final.direction.auc.value,
      accuracy: documented.final.direction.accuracy.value,
      bestBaseline: 'overlap',
      bestBaselineAccuracy: 0.58,
      skill: documented.skill.logLossGain.value,
      skillLow: documented.skill.logLossGain.low,
      skillHigh: documented.skill.logLossGain.high,
      pValue: documented.skill.pValue.both,
      detectableGain: documented.skill.detectable.gain,
      detectableAuc: documented.skill.detectable.auc,
      featuresTested: 3,
      featuresRetained: 1,
      expectedFalseSelections: 0.5,
      suspicions: [{ featureId: FEATURES[0]!, reason: '', retained: true, why: SUSPICIOUS }],
    },
  });
  return TaskResult.create({
    task: assign.task,
    specHash: assign.specHash,
    result,
    stats: {
      trainerId,
      peakRssBytes: 300n << 20n,
      memoryLimitBytes: 1n << 30n,
      stageSeconds: { load: 1, prune: 0.5, select: 2, model: 3, explain: 0.5 },
    },
  });
}

const SUSPICIOUS = {
  code: 'suspicious_share',
  facts: { part: 'unknown', horizon: 45, share: 0.4, limit: 0.25 },
};

const LEDGER = [
  {
    status: LedgerStatus.LEDGER_STATUS_RETAINED,
    stage: 'model',
    why: { code: 'stable', facts: { shares: { 'elastic-net': 0.9 } } },
    remark: SUSPICIOUS,
    selectionFrequency: 0.9,
    importance: 1,
    shapMeanAbs: 0.2,
    rank: 1,
  },
  {
    status: LedgerStatus.LEDGER_STATUS_PRUNED,
    stage: 'select',
    why: { code: 'unstable', facts: { shares: { 'elastic-net': 0.1 } } },
    selectionFrequency: 0.1,
  },
  { status: LedgerStatus.LEDGER_STATUS_PRUNED, stage: 'prune', why: { code: 'constant', facts: {} } },
  {
    status: LedgerStatus.LEDGER_STATUS_EXCLUDED,
    stage: 'plan',
    why: { code: 'future_name', facts: { pattern: 'target' } },
  },
];
