import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { readResultDocument } from '../model/result-document.js';
import { type ReportedTask, reportOf } from '../testing/report-of-documents.js';
import { resultDocument } from '../testing/sample-document.js';
import { renderReport } from './render-report.js';
import { REPORT_SCRIPT } from './report-script.js';

vi.setConfig({ testTimeout: 120_000 });

/** Numbers that are counted or name something: the rest of a document is measured. */
const COUNTED = new Set([
  'formatVersion',
  'horizon',
  'tested',
  'retained',
  'rows',
  'calls',
  'fold',
  'from',
  'to',
]);
const EXTREMES = [
  0,
  -0,
  1e-34,
  -1e-34,
  5e-324,
  1e-9,
  1e9,
  1e9 + 1e-3,
  -1e18,
  1e40,
  1e300,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
];
const NAMES = [
  't.NaN',
  `t.${'x'.repeat(300)}`,
  't.<b>&"\'',
  't.\u0000\ufeff\u202e\n',
  't.\ud800',
  '{a|b}',
  '',
  't.Infinity 5 %',
];
const TIDY = readResultDocument(task(), Buffer.from(JSON.stringify(resultDocument('eurusd', 30))));

function task() {
  return { pair: 'eurusd', horizon: 30 };
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The document with some of its measured numbers, lists and names replaced. */
function spoiled(value: Json, next: () => number, key = ''): Json {
  if (typeof value === 'number') {
    if (COUNTED.has(key) || next() < 0.5) return value;
    return EXTREMES[Math.floor(next() * EXTREMES.length)]!;
  }
  // Bounded where a document is read, and not in the report.
  if (key === 'pValue' || key === 'calendar') return value;
  if (key === 'feature') return NAMES[Math.floor(next() * NAMES.length)]!;
  if (Array.isArray(value)) {
    const all = value.map((item) => spoiled(item, next, key));
    const isFixed = key === 'features' && typeof value[0] === 'string';
    if (isFixed || next() < 0.7) return all;
    return next() < 0.5 ? [] : all.slice(0, 1);
  }
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([name, part]) => [name, spoiled(part, next, name)]);
  const result = Object.fromEntries(entries) as Record<string, Json>;
  if ('low' in result && next() < 0.2) result.low = null;
  if ('low' in result && next() < 0.1) result.value = null;
  return result;
}

function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

const measure = fc.constantFrom(...EXTREMES, Number.NaN, Number.POSITIVE_INFINITY, undefined);
const reported = fc
  .record({
    seed: fc.integer(),
    shap: fc.array(measure, { maxLength: 15 }),
    seconds: measure,
    skill: measure,
  })
  .map(({ seed, shap, seconds, skill }): ReportedTask => {
    const next = numbers(seed);
    const bytes = Buffer.from(JSON.stringify(spoiled(resultDocument('eurusd', 30) as Json, next)));
    return {
      document: readResultDocument(task(), bytes),
      features: shap.map((value, i) => ({
        featureId: NAMES[i % NAMES.length]!,
        rank: i + 1,
        selectionFrequency: shap[shap.length - 1 - i],
        importance: value,
        shapMeanAbs: value,
      })),
      summary: { skill: skill ?? 0, accuracy: skill ?? 0, expectedFalseSelections: seconds ?? 0 },
      seconds: seconds ?? 0,
    };
  });

/** Coordinates and texts that say that a number was none, names of features aside. */
function nonsense(report: string): string[] {
  const own = report.replace(REPORT_SCRIPT, '').replaceAll(/t\.NaN|t\.Infinity 5 %/g, '');
  return own.match(/.{0,60}(?:NaN|Infinity|undefined).{0,20}/g) ?? [];
}

test('any figures make a report, in which no number is none', async () => {
  await fc.assert(
    fc.asyncProperty(reported, async (one) => {
      const report = await renderReport(reportOf([one]));
      expect(report).toMatch(/<\/body><\/html>\n$/);
      expect(report).toContain('<h2 id="resources">Time and memory</h2>');
      expect(report).toContain('<h2 id="eurusd">EURUSD</h2>');
      expect(report).toContain('rows scored');
      expect(nonsense(report)).toEqual([]);
    }),
    { numRuns: 25, seed: 8 },
  );
});

test('a picture that cannot be drawn leaves a sentence, its figures and all the rest', async () => {
  const broken = { ...TIDY, reliability: null as never };
  const gating = TIDY.gating.coverages.map((gate) => ({
    ...gate,
    accuracy: {
      ...gate.accuracy,
      get value(): never {
        throw new Error('no');
      },
    },
  }));
  const report = await renderReport(
    reportOf([{ document: { ...broken, gating: { ...TIDY.gating, coverages: gating } }, features: [] }]),
  );
  expect(report).toContain('The picture of shares up by predicted probability could not be drawn');
  expect(report).toContain('Here the table of shares up by predicted probability is missing');
  expect(report).toContain('The picture of the most confident calls could not be drawn');
  expect(report).toContain('aria-label="SHAP values of sampled rows by feature"');
  expect(report).toContain('aria-label="Accuracy of the model and the baselines by horizon for eurusd"');
});

test.each([1e-34, 1e300, 5e-324])('features that contribute %d are drawn, with what it is', async (size) => {
  const shap = TIDY.shap!;
  const features = ['a.b', 'c.d'].map((featureId, i) => ({
    featureId,
    rank: i + 1,
    selectionFrequency: 0.8,
    importance: size,
    shapMeanAbs: i === 0 ? size : size / 2,
  }));
  const sample = {
    rows: 3,
    features: [{ feature: 'a.b', values: [size, -size, 0], shap: [size, -size, size / 2] }],
  };
  const report = await renderReport(
    reportOf([{ document: { ...TIDY, shap: { ...shap, sample } }, features }]),
  );
  expect(report).not.toContain('could not be drawn');
  expect(report).toContain('aria-label="Best features of eurusd h30"');
  expect(report).toContain('aria-label="SHAP value of a.b by its value"');
});

test('values that are far from 0 and close together are told apart on their axis', async () => {
  const values = Array.from({ length: 50 }, (_, i) => 1e9 + i / 100);
  const sample = {
    rows: 50,
    features: [{ feature: 'a.b', values, shap: values.map((_, i) => Math.sin(i)) }],
  };
  const top = [{ feature: 'a.b', dependence: [] }];
  const report = await renderReport(
    reportOf([{ document: { ...TIDY, shap: { ...TIDY.shap!, sample, top } }, features: [] }]),
  );
  expect(report).toContain('value from 1000000000; SHAP value up');
  for (const text of ['>+0.1<', '>+0.2<', '>+0.4<']) expect(report).toContain(text);
});

test('one value far from all others does not make them one point', async () => {
  const values = Array.from({ length: 50 }, (_, i) => (i === 9 ? 1e18 : i));
  const sample = {
    rows: 50,
    features: [{ feature: 'a.b', values, shap: values.map((_, i) => Math.sin(i)) }],
  };
  const report = await renderReport(
    reportOf([{ document: { ...TIDY, shap: { ...TIDY.shap!, sample, top: [] } }, features: [] }]),
  );
  expect(report).toContain('value, 1 beyond the edges; SHAP value up');
  expect(report).toContain('>40<');
});
