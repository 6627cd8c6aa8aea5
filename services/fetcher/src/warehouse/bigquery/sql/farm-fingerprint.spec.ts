import { expect, it } from 'vitest';
import { farmFingerprint } from './farm-fingerprint.js';

// Examples of BigQuery's own reference page of FARM_FINGERPRINT.
it.each([
  ['1footrue', -1541654101129638711n],
  ['2applefalse', 2794438866806483259n],
  ['3true', -4880158226897771312n],
])('gives what BigQuery documents for %s', (text, fingerprint) => {
  expect(farmFingerprint(text)).toBe(fingerprint);
});

// Published values of Fingerprint64 for every branch of lengths.
it.each([
  ['', '9ae16a3b2f90404f'],
  ['a', 'b3454265b6df75e3'],
  ['abc', '24a5b3a074e7f369'],
  ['abcd', '1a5502de4a1f8101'],
  ['abcdefgh', 'fee9d22990c82909'],
  ["0123456789'01234", '4283d4ef43627f64'],
  ['0123456789=012345', '46a7416ed4861e3b'],
  ['C is as portable as Stonehedge!!', 'b944f8a16261e414'],
  ['Discard medicine more than two years old.', 'e8f89ab6df9bdd25'],
  ['The days of the digital watch are numbered.  -Tom Stoppard', '2a578b80bb82147c'],
  ['For every action there is an equal and opposite government program.', '55182f8859eca4ce'],
  [
    'The fugacity of a constituent in a mixture of gases at a given temperature is proportional to its mole fraction.  Lewis-Randall Rule',
    '098eff6958c5e91a',
  ],
])('is Fingerprint64 of "%s"', (text, hex) => {
  expect(BigInt.asUintN(64, farmFingerprint(text)).toString(16).padStart(16, '0')).toBe(hex);
});
