import { describe, expect, it } from 'vitest';
import { gaussLegendre } from './gauss-legendre.js';

describe('gaussLegendre', () => {
  it.each([1, 2, 5, 16, 127])('integrates polynomials of degree 2 x %d - 1 exactly', (points) => {
    const { nodes, weights } = gaussLegendre(points);
    for (const degree of [0, 1, points, 2 * points - 1]) {
      const integral = nodes.reduce((sum, node, q) => sum + weights[q]! * node ** degree, 0);
      expect(integral * (degree + 1)).toBeCloseTo(1, 12);
    }
    expect(nodes.every((node) => node > 0 && node < 1)).toBe(true);
  });

  it('has the published nodes of three points', () => {
    const { nodes, weights } = gaussLegendre(3);
    expect([...nodes].map((node) => 2 * node - 1)).toEqual([
      expect.closeTo(-Math.sqrt(0.6), 14),
      expect.closeTo(0, 14),
      expect.closeTo(Math.sqrt(0.6), 14),
    ]);
    expect([...weights].map((weight) => 18 * weight)).toEqual([
      expect.closeTo(5, 12),
      expect.closeTo(8, 12),
      expect.closeTo(5, 12),
    ]);
  });
});
