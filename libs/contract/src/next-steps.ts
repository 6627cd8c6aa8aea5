import { type Run, RunState, type TaskStatus } from './generated/onescan/v1/coordinator.js';

/** What is worth doing next with a run, and the command that does it. */
export interface NextStep {
  readonly why: string;
  readonly command: string;
}

/** What is looked at of a run. */
export interface EndedRun extends Pick<Run, 'runId' | 'state' | 'spec'> {
  readonly tasks: readonly Pick<TaskStatus, 'pair' | 'horizon' | 'summary'>[];
}

/** What a run offers to somebody who reads its end, the most pressing first. */
export function nextSteps(run: EndedRun): NextStep[] {
  return [...unfinishedSteps(run), ...(run.state === RunState.RUN_STATE_COMPLETED ? resultSteps(run) : [])];
}

/** What keeps it from its end. */
function unfinishedSteps({ runId, state }: EndedRun): NextStep[] {
  switch (state) {
    case RunState.RUN_STATE_AWAITING_APPROVAL:
    case RunState.RUN_STATE_AWAITING_PILOT_APPROVAL:
      return [
        { why: 'nothing is spent before it is approved', command: `onescan approve ${runId} --watch` },
        { why: 'to give it up', command: `onescan cancel ${runId}` },
      ];
    case RunState.RUN_STATE_PARTIAL:
    case RunState.RUN_STATE_FAILED:
    case RunState.RUN_STATE_CANCELLED:
      return [
        {
          why: 'to take up what is missing; what is there is not done again',
          command: `onescan resume ${runId}`,
        },
      ];
    default:
      return [];
  }
}

/** What the verdicts suggest. */
function resultSteps({ runId, spec, tasks }: EndedRun): NextStep[] {
  const skilled = tasks.filter(({ summary }) => summary?.verdict.startsWith('SKILL') === true);
  const isSuspect = skilled.some(({ summary }) => summary!.verdict === 'SKILL_SUSPECT');
  const suspect = tasks
    .flatMap(({ summary }) => summary?.suspicions ?? [])
    .find(({ retained }) => retained)?.featureId;
  const pairs = [...new Set(skilled.map(({ pair }) => pair))].join(',');
  const [best] = [...skilled].sort((a, b) => b.summary!.skillLow - a.summary!.skillLow);
  return [
    ...(suspect === undefined && !isSuspect
      ? []
      : [
          {
            why: 'a feature predicts too well to be believed: look at how it is made, and see what is left without it',
            command: `onescan rerun ${runId} ${isSuspect ? '--without-suspects' : `--exclude ${quoted(suspect!)}`}`,
          },
        ]),
    ...(best && spec?.preset === 'quick'
      ? [
          {
            why: 'quick is a first look',
            command: `onescan rerun ${runId} --pairs ${pairs} --preset standard`,
          },
        ]
      : []),
    ...(best
      ? [
          {
            why: 'to keep the models and the SHAP values of every row of the best',
            command: `onescan rerun ${runId} --pairs ${best.pair} --horizons ${best.horizon} --set models.export=yes --set explain.export=yes`,
          },
        ]
      : [
          {
            why: 'no pair and horizon shows skill: more rows would find smaller effects',
            command: `onescan run --rows ${2 * (spec?.sample?.rows || 80_000)}`,
          },
        ]),
  ];
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w.,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
