import { createHash } from 'node:crypto';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type HorizonSummary, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import type { TaskResult } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { afterEach, expect, test } from 'vitest';
import { type resultDocument, resultOf } from '../testing/sample-document.js';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;
afterEach(() => stack.close());

/** Changes a sound result into one that must not count. */
type Spoil = (result: TaskResult) => void;
const spoilDocument = (change: (document: Record<string, unknown>) => unknown): Spoil => {
  return ({ result }) => {
    const changed = change(JSON.parse(result!.document.toString()) as Record<string, unknown>);
    result!.document = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
    result!.documentSha256 = createHash('sha256').update(result!.document).digest('hex');
  };
};

/** The verdict with what it rests on, in document and summary alike. */
const spoilVerdict = (change: (document: ReturnType<typeof resultDocument>) => object): Spoil => {
  return (message) => {
    spoilDocument((d) => ({ ...d, ...change(d as ReturnType<typeof resultDocument>) }))(message);
    const { verdict, verdictReason } = JSON.parse(message.result!.document.toString()) as HorizonSummary;
    Object.assign(message.result!.summary!, { verdict, verdictReason });
  };
};
const SKILL = {
  verdict: 'SKILL',
  verdictReason: {
    code: 'skill',
    facts: {
      horizon: 1,
      accuracy: 0.6,
      baseline: 'overlap',
      baselineAccuracy: 0.5,
      gain: 0.1,
      gainLow: 0.01,
    },
  },
};
const SUSPECT = {
  feature: 'mkt.flow',
  reason: 'suspicious',
  reasonCode: 'suspicious_share',
  facts: { part: 'unknown', horizon: 45, share: 0.03, limit: 0.01 },
};

const ZEROS = Array(513).fill(0);
const LONG_CALENDAR = { cell: 86_400_000, first: 0, gain: ZEROS, edge: ZEROS };
const ODD_CALENDAR = { cell: 86_400_001, first: 0, gain: [0.1], edge: [0.1] };

const SPOILT: readonly (readonly [string, RegExp, Spoil])[] = [
  ['an empty document', /cannot be read at format/, spoilDocument(() => ({}))],
  ['no JSON', /cannot be read/, spoilDocument(() => '{"format":')],
  ['another format', /cannot be read at formatVersion/, spoilDocument((d) => ({ ...d, formatVersion: 99 }))],
  ['a part of another kind', /at gating/, spoilDocument((d) => ({ ...d, gating: { thresholds: 'many' } }))],
  ['an unknown verdict', /at verdict/, spoilDocument((d) => ({ ...d, verdict: 'CERTAIN' }))],
  ['another task', /the document is of usdjpy h6/, spoilDocument((d) => ({ ...d, pair: 'usdjpy' }))],
  [
    'another dataset',
    /of another dataset/,
    spoilDocument((d) => ({ ...d, dataset: { contentSha256: 'ab' } })),
  ],
  [
    'another hash',
    /does not match its hash/,
    ({ result }) => {
      result!.documentSha256 = 'ab'.repeat(32);
    },
  ],
  [
    'a forged verdict',
    /verdict of the summary/,
    ({ result }) => {
      result!.summary!.verdict = 'SKILL';
    },
  ],
  ['a forged p-value', /p_value of/, ({ result }) => Object.assign(result!.summary!, { pValue: 1e-5 })],
  [
    'calendar time without end',
    /at skill.calendar.gain/,
    spoilDocument((d) => ({ ...d, skill: { ...(d.skill as object), calendar: LONG_CALENDAR } })),
  ],
  [
    'calendar time that fits no other',
    /at skill.calendar/,
    spoilDocument((d) => ({ ...d, skill: { ...(d.skill as object), calendar: ODD_CALENDAR } })),
  ],
  [
    'a forged AUC',
    /auc of the summary/,
    ({ result }) => {
      result!.summary!.auc = 0.99;
    },
  ],
  [
    'no summary',
    /the result is empty/,
    ({ result }) => {
      result!.summary = undefined;
    },
  ],
  [
    'a ledger that lacks a row',
    /ledger has 3 rows, the universe 4/,
    ({ result }) => {
      result!.ledger.pop();
    },
  ],
  [
    'a ledger without end',
    /ledger has 400 rows/,
    ({ result }) => {
      result!.ledger = Array(100).fill(result!.ledger).flat();
    },
  ],
  [
    'a feature twice',
    /stands twice/,
    ({ result }) => {
      result!.ledger[1] = { ...result!.ledger[1]!, featureId: result!.ledger[2]!.featureId };
    },
  ],
  [
    'a row of another run',
    /of another task/,
    ({ result }) => {
      result!.ledger[0] = { ...result!.ledger[0]!, runId: 'other' };
    },
  ],
  [
    'a wrong rank',
    /the ranks of the 1 retained/,
    ({ result }) => {
      result!.ledger[0] = { ...result!.ledger[0]!, rank: 7 };
    },
  ],
  [
    'a frequency of 2',
    /selection frequency/,
    ({ result }) => {
      result!.ledger[1] = { ...result!.ledger[1]!, selectionFrequency: 2 };
    },
  ],
  [
    'an infinite importance',
    /not finite/,
    ({ result }) => {
      result!.ledger[0] = { ...result!.ledger[0]!, importance: Infinity };
    },
  ],
  [
    'more retained than documented',
    /retains 2 features/,
    ({ result }) => {
      result!.ledger[1] = {
        ...result!.ledger[1]!,
        status: LedgerStatus.LEDGER_STATUS_RETAINED,
        rank: 2,
        why: result!.ledger[0]!.why,
      };
    },
  ],
  [
    'an unknown stage',
    /has no stage "later"/,
    ({ result }) => {
      result!.ledger[2] = { ...result!.ledger[2]!, stage: 'later' };
    },
  ],
  [
    'a name without end',
    /no fitting name/,
    ({ result }) => {
      result!.ledger[2] = { ...result!.ledger[2]!, featureId: 'x'.repeat(1 << 16) };
    },
  ],
  [
    'a reason that nobody knows',
    /the ledger row of .* has no reason "because"/,
    ({ result }) => {
      result!.ledger[2] = { ...result!.ledger[2]!, why: { code: 'because', facts: {} } };
    },
  ],
  [
    'a reason of another stage',
    /has no reason "unstable"/,
    ({ result }) => {
      result!.ledger[2] = { ...result!.ledger[2]!, why: result!.ledger[1]!.why };
    },
  ],
  [
    'a reason without its facts',
    /the reason unstable with facts that do not fit: shares/,
    ({ result }) => {
      result!.ledger[1] = { ...result!.ledger[1]!, why: { code: 'unstable', facts: undefined } };
    },
  ],
  [
    'a reason with a fact that is not finite',
    /the reason missing_values with facts that do not fit: share/,
    ({ result }) => {
      const facts = { share: Number.NaN, limit: 0.9 };
      result!.ledger[2] = { ...result!.ledger[2]!, why: { code: 'missing_values', facts } };
    },
  ],
  [
    'a reason with a text without end',
    /the reason same_values with facts that do not fit: feature/,
    ({ result }) => {
      const facts = { feature: 'x'.repeat(1 << 16) };
      result!.ledger[2] = { ...result!.ledger[2]!, why: { code: 'same_values', facts } };
    },
  ],
  [
    'a remark that does not belong there',
    /has no reason "suspicious_share"/,
    ({ result }) => {
      result!.ledger[1] = { ...result!.ledger[1]!, remark: result!.ledger[0]!.remark };
    },
  ],
  [
    'a verdict for another reason than documented',
    /verdict_reason of the summary is not that of the document/,
    ({ result }) => {
      const { code, facts } = result!.summary!.verdictReason!;
      result!.summary!.verdictReason = { code, facts: { ...facts, horizon: 1 } };
    },
  ],
  [
    'skill for a reason that gives none',
    /the verdict SKILL has the reason no_skill/,
    spoilVerdict((d) => ({ verdict: 'SKILL', verdictReason: { ...d.verdictReason, code: 'no_skill' } })),
  ],
  [
    'skill in spite of a suspicious feature',
    /the verdict SKILL rests on 1 suspicious features/,
    spoilVerdict(() => ({ ...SKILL, suspicious: [SUSPECT] })),
  ],
  [
    'skill beyond what is honest',
    /the verdict SKILL rests on more than an honest panel reaches/,
    spoilVerdict(({ skill }) => ({ ...SKILL, skill: { ...skill, honestEdge: 0.01 } })),
  ],
  [
    'skill without a limit of what is honest',
    /has no skill.honestEdge/,
    spoilVerdict(({ skill: { honestEdge: _, ...skill } }) => ({ ...SKILL, skill })),
  ],
  [
    'suspicious features that are not there',
    /counts other suspicious features/,
    spoilVerdict(() => ({
      verdict: 'SKILL_SUSPECT',
      verdictReason: { code: 'suspect_features', facts: { ...SKILL.verdictReason.facts, suspects: 2 } },
    })),
  ],
  [
    'a suspicion with a reason to retain',
    /the suspicion of "[^"]+" has no reason "stable"/,
    ({ result }) => {
      result!.summary!.suspicions[0]!.why = result!.ledger[0]!.why;
    },
  ],
  [
    'suspicions without end',
    /suspicions/,
    ({ result }) => {
      result!.summary!.suspicions = Array(1000).fill({ featureId: 'f', reason: 'r', retained: true });
    },
  ],
];

test('a result with anything in it that does not fit fails its attempt; sound ones then complete the run', async () => {
  stack = await TestStack.start();
  const horizons = SPOILT.map((_, i) => i + 1);
  const [liar] = stack.addTrainers(1, (assign, self) => {
    const { horizon, attempt } = assign.task!;
    const message = resultOf(assign, self.id);
    if (attempt === 1) SPOILT[horizon - 1]![2](message);
    self.succeed(assign, () => message);
  });
  const run = await stack.complete({ pairs: ['eurusd'], horizons });
  const refused = new Map(
    liar!.acks.flatMap(({ task, accepted, reason }) => (accepted ? [] : [[task!.horizon, reason]])),
  );
  for (const [i, [name, pattern]] of SPOILT.entries()) expect(refused.get(i + 1), name).toMatch(pattern);
  expect(refused.size).toBe(SPOILT.length);
  expect(run.problems).toEqual([]);
  expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
  expect(run.tasks.map(({ attempt }) => attempt)).toEqual(horizons.map(() => 2));
  expect(run.reportPath).not.toBe('');
});
