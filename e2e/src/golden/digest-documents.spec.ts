import type { ResultDocument } from '@onescan/learn';
import { expect, test } from 'vitest';
import { differences, digestDocuments } from './digest-documents.js';
import { readGolden } from './golden-run.js';

const estimate = (value: number) => ({ value, low: 0, high: 1, standardError: 0.1 });

/** What of a document is looked at by name; digests take whatever there is. */
const made = (horizon: number, auc = 0.7, more: object = {}) =>
  ({
    pair: 'eurusd',
    horizon,
    verdict: 'SKILL',
    final: { direction: { auc: estimate(auc), accuracy: estimate(0.6) } },
    skill: { logLossGain: estimate(0.01), level: 0.01 },
    shap: null,
    ...more,
  }) as unknown as ResultDocument;

const was = digestDocuments([made(15), made(30)]);

test('the same documents in any order are no difference', () => {
  expect(differences(was, digestDocuments([made(30), made(15)]))).toEqual([]);
});

test('document, field and main figures are told', () => {
  const now = digestDocuments([made(15), made(30, 0.6), made(45)]);
  expect(differences(was, now)).toEqual([
    'eurusd h030 (SKILL, AUC 0.7000, accuracy 0.6000, gain 0.0100 nats, 0 features -> ' +
      'SKILL, AUC 0.6000, accuracy 0.6000, gain 0.0100 nats, 0 features): final.direction',
    'eurusd h045: a document that was not there',
  ]);
  expect(differences(now, was)).toContain('eurusd h045: no document');
});

test('fields that came or went are told', () => {
  const before = digestDocuments([made(15, 0.7, { old: 1 })]);
  const [line] = differences(before, digestDocuments([made(15, 0.7, { extra: 1 })]));
  expect(line).toMatch(/: extra \(new\), old \(gone\)$/);
});

test('two pairs and seven horizons are recorded', () => {
  const { figures, digests } = readGolden();
  expect(Object.keys(figures)).toHaveLength(14);
  expect(Object.keys(digests)).toEqual(Object.keys(figures));
});
