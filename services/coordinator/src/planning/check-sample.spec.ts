import { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { expect, test } from 'vitest';
import { pairPlan } from '../testing/scripted-fetcher.js';
import { checkSample } from './check-sample.js';

const SPEC = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15, 105], preset: 'quick' }));
const planOf = (sample: { rows: number; periodRows: number; days?: number; dayRows?: number }): Plan =>
  Plan.create({ pairs: [{ ...pairPlan('eurusd'), ...sample }] });

test('a sample that cannot be learned is an error that names the setting and the least rows', () => {
  const plan = planOf({ rows: 3000, periodRows: 60_000, days: 3, dayRows: 4320 });
  expect(() => checkSample(SPEC, plan)).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /^sample.rows: 3000 rows of 3 whole days of eurusd cannot be learned with preset quick: time block 1 of 16/,
      ),
      remedy: expect.stringMatching(/^Set sample.rows to \d+00 or more, or sample with strategy hash/),
    }),
  );
});

test('a period that is too short is named instead', () => {
  const plan = planOf({ rows: 400, periodRows: 900 });
  expect(() => checkSample(SPEC, plan)).toThrow(/^period: 400 of 900 rows of eurusd cannot be learned/);
});

test('a sample in doubt has notes, once; others and fetchers that do not tell have none', () => {
  const plan = planOf({ rows: 1000, periodRows: 60_000 });
  const checked = checkSample(SPEC, checkSample(SPEC, plan));
  expect(checked.pairs[0]!.notes).toEqual([
    {
      kind: 'sample too small',
      text: expect.stringMatching(/./),
      severity: 1,
      why: {
        code: 'sample_too_small',
        facts: { horizon: 15, certain: false, obstacle: 'few_rows', found: 249, least: 300 },
      },
    },
    {
      kind: 'sample too small',
      text: expect.stringMatching(/./),
      severity: 1,
      why: {
        code: 'sample_too_small',
        facts: { horizon: 105, certain: false, obstacle: 'few_rows', found: 248, least: 300 },
      },
    },
    expect.objectContaining({ why: expect.objectContaining({ code: 'smallest_effect' }) }),
  ]);
  const unknown = planOf({ rows: 3000, periodRows: 0 });
  expect(checkSample(SPEC, unknown)).toEqual(unknown);
  const usual = planOf({ rows: 80_000, periodRows: 2_000_000 });
  const [seen, ...more] = checkSample(SPEC, usual).pairs[0]!.notes;
  expect(more).toEqual([]);
  expect(seen!.why).toMatchObject({
    code: 'smallest_effect',
    facts: { rows: 80_000, periodRows: 2_000_000 },
  });
  const { gain, auc } = seen!.why!.facts as { gain: number; auc: number };
  expect(gain).toBeGreaterThan(0.0001);
  expect(gain).toBeLessThan(0.01);
  expect(auc).toBeGreaterThan(0.5);
  expect(auc).toBeLessThan(0.6);
});
