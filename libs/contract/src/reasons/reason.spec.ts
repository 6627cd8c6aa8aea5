import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Reason as ReasonMessage } from '../generated/onescan/v1/reason.js';
import { SAMPLE_FACTS, SAMPLE_PILOTS } from '../testing/sample-facts.js';
import { pilotText } from './pilot-text.js';
import {
  bareReasonText,
  REASON_FAMILIES,
  REASONS,
  type Reason,
  type ReasonCode,
  type ReasonFamily,
  readReason,
  reasonMeaning,
  reasonProblem,
  reasonText,
} from './reason.js';

const CODES = Object.keys(REASONS) as ReasonCode[];
const FAMILIES = Object.keys(REASON_FAMILIES) as ReasonFamily[];

function samples(): Reason[] {
  return CODES.flatMap((code) => SAMPLE_FACTS[code].map((facts) => ({ code, facts }) as Reason));
}

/** As it comes out of the wire, and out of JSON. */
function sent(reason: Reason): ReasonMessage {
  const decoded = ReasonMessage.decode(ReasonMessage.encode(ReasonMessage.fromPartial(reason)).finish());
  return ReasonMessage.fromJSON(JSON.parse(JSON.stringify(ReasonMessage.toJSON(decoded))));
}

it('makes of every code and its facts the sentence of the golden file, the only place that pins wording', async () => {
  const lines = samples().map(
    (reason) => `${reason.code} ${JSON.stringify(reason.facts)}\n  ${reasonText(reason)}\n`,
  );
  for (const report of SAMPLE_PILOTS) lines.push(`pilot ${JSON.stringify(report)}\n  ${pilotText(report)}\n`);
  await expect(lines.join('')).toMatchFileSnapshot('./sentences.golden.txt');
});

it('has every code in one family, with facts that suffice for it', () => {
  const inFamilies = FAMILIES.flatMap((family) => Object.keys(REASON_FAMILIES[family]));
  expect(new Set(inFamilies).size).toBe(inFamilies.length);
  expect(new Set(inFamilies)).toEqual(new Set(CODES));
  for (const code of CODES) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
});

it('reads what was sent to the very sentence', () => {
  for (const reason of samples()) {
    const read = readReason(sent(reason), 'never looked at');
    expect(read).toEqual(reason);
    expect(reasonText(read)).toBe(reasonText(reason));
  }
});

it('keeps the text of what is older, newer or broken', () => {
  const old = { code: 'unspecified', facts: { text: 'the old words' } };
  expect(readReason(undefined, 'the old words')).toEqual(old);
  expect(readReason({ code: 'of_a_later_version', facts: {} }, 'the old words')).toEqual(old);
  expect(readReason({ code: 'missing_values', facts: { share: 0.1 } }, 'the old words')).toEqual(old);
  expect(readReason({ code: 'toString' }, 'the old words')).toEqual(old);
  expect(reasonText(readReason(undefined, 'the old words'))).toBe('the old words');
});

it('says suspicions without the word that stands before them', () => {
  const [facts] = SAMPLE_FACTS.leak;
  const leak: Reason = { code: 'leak', facts: facts! };
  expect(reasonText(leak)).toBe(`suspected leakage: ${bareReasonText(leak)}`);
  expect(reasonMeaning('leak')).toBe(REASONS.leak.meaning);
  expect(reasonMeaning('of_a_later_version')).toBe('of_a_later_version');
});

it.each<[string, { code: string; facts?: Record<string, unknown> }, ReasonFamily[], RegExp | undefined]>([
  ['what fits', { code: 'missing_values', facts: { share: 0.95, limit: 0.9 } }, ['prune'], undefined],
  ['a code without facts', { code: 'constant' }, ['prune', 'select'], undefined],
  ['a code of another family', { code: 'constant', facts: {} }, ['select'], /^has no reason "constant"$/],
  ['a code that nobody knows', { code: '__proto__', facts: {} }, ['select'], /^has no reason/],
  [
    'a missing fact',
    { code: 'missing_values', facts: { share: 1 } },
    ['prune'],
    /facts that do not fit: limit/,
  ],
  ['a fact too many', { code: 'constant', facts: { x: 1 } }, ['prune'], /facts that do not fit/],
  ['an infinite figure', { code: 'missing_values', facts: { share: 1 / 0, limit: 1 } }, ['prune'], /share/],
  ['a share beyond 1', { code: 'missing_values', facts: { share: 1.5, limit: 1 } }, ['prune'], /share/],
  ['a text as figure', { code: 'missing_values', facts: { share: '1', limit: 1 } }, ['prune'], /share/],
  ['a name without end', { code: 'same_values', facts: { feature: 'x'.repeat(3000) } }, ['prune'], /feature/],
  ['no shares', { code: 'unstable', facts: { shares: {} } }, ['select'], /shares/],
])('judges what a peer sends: %s', (_, message, families, problem) => {
  const found = reasonProblem({ code: message.code, facts: message.facts }, families);
  if (problem) expect(found).toMatch(problem);
  else expect(found).toBeUndefined();
});

const PAGE = readFileSync(new URL('../../../../docs/results.md', import.meta.url), 'utf8');

it.each(FAMILIES)('stands in docs/results.md, code by code: %s', (family) => {
  const rows = Object.entries(REASON_FAMILIES[family]).map(
    ([code, { meaning, facts }]) => `| \`${code}\` | ${factNames(facts.shape)} | ${meaning} |`,
  );
  const start = PAGE.indexOf(`#### ${family}\n`);
  expect(start, `"#### ${family}" in docs/results.md`).toBeGreaterThan(0);
  const section = PAGE.slice(start).split('\n#')[0]!;
  expect(section.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
});

function factNames(shape: object): string {
  return Object.keys(shape)
    .map((fact) => `\`${fact}\``)
    .join(', ');
}
