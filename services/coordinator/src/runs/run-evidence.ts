import { type AdjustedTest, RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type RunVerdictReason, reasonText } from '@onescan/contract/reasons/reason.js';
import { benjaminiYekutieli, holm, LearnInputError, romanoWolf, scoringCharge } from '@onescan/learn';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { type RunSnapshot, type TaskRecord, taskKey } from '../model/run-record.js';
import { runCalendar, type TestedSkill } from './run-calendar.js';

/** The chance of a single false SKILL among all verdicts of a run that adjusted p-values leave. */
export const FAMILY_LEVEL = 0.05;

const REPLICATES = 4_999;

/**
 * All tests of a run taken together, as far as there are results: Holm's and Benjamini & Yekutieli's p-values count tests
 * that are still to come as well, so that nothing that is found can be lost by the order of arrival.
 *
 * @param scorings which scoring of the same rows each result is, by task key; p-values are charged for those before
 */
export function runEvidence(
  snapshot: RunSnapshot,
  scorings: ReadonlyMap<string, number> = new Map(),
): RunEvidence {
  return evidenceOf(snapshot, undefined, scorings);
}

/** What is stored of the results of a run that has ended, by task. */
export interface StoredEvidence {
  /** What results say of calendar time. */
  readonly tested: ReadonlyMap<string, TestedSkill>;
  /** Which scoring of the same rows a result is. */
  readonly scorings: ReadonlyMap<string, number>;
}

/**
 * The same for a run that has ended, with Romano & Wolf's p-values and a verdict. Whoever scores the same rows again and again finds
 * something in the end, so p-values are charged for every scoring before.
 */
export function concludedEvidence(snapshot: RunSnapshot, { tested, scorings }: StoredEvidence): RunEvidence {
  const results = resultsOf(snapshot);
  const keys = results.map(({ pair, horizon, summary }) => (isTested(summary) ? taskKey(pair, horizon) : ''));
  const calendar = runCalendar(keys, tested);
  const resampled = calendar && {
    blocks: calendar.blocks,
    adjusted: romanoWolf({ ...calendar, replicates: REPLICATES, seed: BigInt(snapshot.run.spec.seed) }),
  };
  const evidence = evidenceOf(snapshot, resampled, scorings);
  const reason = verdictReason(evidence);
  return {
    ...evidence,
    verdict: VERDICTS[reason.code],
    verdictText: reasonText(reason),
    verdictReason: reason,
  };
}

interface Resampled {
  readonly blocks: number;
  /** One a result, in order. */
  readonly adjusted: readonly number[];
}

type Result = TaskRecord & { readonly summary: NonNullable<TaskRecord['summary']> };

function resultsOf({ tasks }: RunSnapshot): Result[] {
  return [...tasks.values()].filter(
    (task): task is Result => task.state === 'DONE' && task.summary !== undefined,
  );
}

/** Inconclusive results have too little to rest on, whatever their p-value. */
function isTested({ verdict, pValue }: Result['summary']): boolean {
  return pValue !== undefined && verdict !== 'INCONCLUSIVE';
}

function evidenceOf(
  snapshot: RunSnapshot,
  resampled: Resampled | undefined,
  scorings: ReadonlyMap<string, number>,
): RunEvidence {
  const { run, tasks } = snapshot;
  const results = resultsOf(snapshot);
  const p = results.map(({ summary }) => (isTested(summary) ? summary.pValue! : Number.NaN));
  const byHolm = holm(p, tasks.size);
  const byYekutieli = benjaminiYekutieli(p, tasks.size);
  const adjusted = results.map(({ pair, horizon }, k): AdjustedTest => {
    const scoring = scorings.get(taskKey(pair, horizon)) ?? 0;
    const charge = scoring > 0 ? scoringCharge(scoring) : 0;
    const charged = (value: number) => Math.min(1, value * (charge || 1));
    const resampledP = resampled?.adjusted[k];
    return {
      ...{ pair, horizon, scoring, charge },
      holm: charged(byHolm[k]!),
      benjaminiYekutieli: charged(byYekutieli[k]!),
      romanoWolf: resampledP === undefined ? undefined : charged(resampledP),
    };
  });
  const tested = results.filter(({ summary }) => isTested(summary)).length;
  const level = verdictLevel(run);
  const bounded = results.filter(({ summary }) => Number.isFinite(summary.expectedFalseSelections));
  const isSkill = ({ summary }: Result) => summary.verdict === 'SKILL';
  return RunEvidence.fromPartial({
    tests: tasks.size,
    results: results.length,
    tested,
    level,
    expectedFalse: level * tested,
    familyLevel: FAMILY_LEVEL,
    skill: results.filter(isSkill).length,
    skillAdjusted: results.filter((result, k) => isSkill(result) && familyWise(adjusted[k]!) <= FAMILY_LEVEL)
      .length,
    adjusted,
    featuresRetained: bounded.reduce((sum, { summary }) => sum + summary.featuresRetained, 0),
    expectedFalseFeatures: bounded.reduce((sum, { summary }) => sum + summary.expectedFalseSelections, 0),
    calendarBlocks: resampled?.blocks ?? 0,
  });
}

/** Of runs whose settings this version does not know, from before they were changed, 0. */
function verdictLevel({ spec }: RunSnapshot['run']): number {
  try {
    return resolveLearnConfig(spec.preset, spec.overrides).verdict.level;
  } catch (thrown) {
    if (thrown instanceof LearnInputError) return 0;
    throw thrown;
  }
}

/** What verdicts are adjusted by: Romano & Wolf's, which know what tests share, where there are any. */
function familyWise({ romanoWolf: resampled, holm: any }: AdjustedTest): number {
  return resampled ?? any;
}

const VERDICTS = {
  run_skill: 'SKILL',
  run_no_skill: 'NO_SKILL_BEYOND_OVERLAP',
  run_untested: 'INCONCLUSIVE',
} as const;

function verdictReason(evidence: RunEvidence): RunVerdictReason {
  const { tests, tested, skill, skillAdjusted, expectedFalse, familyLevel } = evidence;
  if (tested === 0) return { code: 'run_untested', facts: { tests } };
  const facts = { tests, tested, skill, expectedFalse, familyLevel };
  if (skillAdjusted === 0) return { code: 'run_no_skill', facts };
  return { code: 'run_skill', facts: { ...facts, adjusted: skillAdjusted } };
}
