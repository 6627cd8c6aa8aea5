import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantiseGradients } from './quantise-gradients.js';

const all = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);

function quantised(gradient: Float64Array, hessian: Float64Array, salt = 1, equalHessian = false) {
  const packed = new Int32Array(2 * gradient.length);
  const positions = all(gradient.length);
  const units = quantiseGradients({ gradient, hessian, positions, equalHessian, salt }, packed);
  return { packed, ...units };
}

describe('quantiseGradients', () => {
  it('is within one unit of every value, and its sums fit 32 bits', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
        const gradient = Float64Array.from(values);
        const hessian = gradient.map((g) => Math.abs(g) + 0.5);
        const { packed, gradientUnit, hessianUnit } = quantised(gradient, hessian);
        let sum = 0;
        let total = 0;
        gradient.forEach((g, i) => {
          expect(Math.abs(packed[2 * i + 1]! * gradientUnit - g)).toBeLessThanOrEqual(
            gradientUnit * (1 + 1e-9),
          );
          expect(packed[2 * i]).toBeGreaterThan(0);
          sum += Math.abs(packed[2 * i + 1]!);
          total += packed[2 * i]!;
          expect(Math.abs(packed[2 * i]! * hessianUnit - hessian[i]!)).toBeLessThanOrEqual(
            hessianUnit * (1 + 1e-9),
          );
        });
        expect(sum).toBeLessThan(2 ** 31);
        expect(total).toBeLessThan(2 ** 32);
      }),
    );
  });

  it('rounds without bias and repeatably', () => {
    const count = 80000;
    const gradient = new Float64Array(count).fill(0.1234567);
    gradient[0] = 100;
    const { packed, gradientUnit } = quantised(gradient, gradient);
    let sum = 0;
    for (let i = 1; i < count; i++) sum += packed[2 * i + 1]! * gradientUnit;
    expect(sum / (count - 1) / 0.1234567).toBeCloseTo(1, 4);
    const bytes = (some: Int32Array) => Buffer.from(some.buffer);
    expect(bytes(quantised(gradient, gradient).packed).equals(bytes(packed))).toBe(true);
    expect(bytes(quantised(gradient, gradient, 2).packed).equals(bytes(packed))).toBe(false);
  });

  it('keeps equal hessians exact as counts', () => {
    const { packed, hessianUnit } = quantised(Float64Array.of(1, -2, 3), Float64Array.of(2, 2, 2), 1, true);
    expect([packed[0], packed[2], packed[4], hessianUnit]).toEqual([1, 1, 1, 2]);
  });

  it('survives gradients that are all zero', () => {
    expect([...quantised(new Float64Array(3), Float64Array.of(1, 1, 1), 1, true).packed]).toEqual([
      1, 0, 1, 0, 1, 0,
    ]);
  });
});
