import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { studentTail } from './student-tail.js';

interface Reference {
  readonly tails: readonly { readonly degrees: number; readonly t: number; readonly tail: number }[];
}

/** By fixtures/student-tail.py. */
const REFERENCE = JSON.parse(
  readFileSync(new URL('./fixtures/student-tail.json', import.meta.url), 'utf8'),
) as Reference;

describe('studentTail', () => {
  it('has ten digits of the reference, far out too', () => {
    expect(REFERENCE.tails.length).toBeGreaterThan(50);
    for (const { degrees, t, tail } of REFERENCE.tails) {
      expect(Math.abs(studentTail(t, degrees) / tail - 1), `t ${t}, ${degrees} degrees`).toBeLessThan(1e-10);
    }
  });

  it('has no value for what is no number, and none beyond all numbers', () => {
    expect(studentTail(Number.NaN, 5)).toBeNaN();
    expect(studentTail(Number.POSITIVE_INFINITY, 5)).toBe(0);
    expect(studentTail(Number.NEGATIVE_INFINITY, 5)).toBe(1);
    expect(() => studentTail(1, 0.5)).toThrow(LearnInputError);
  });
});
