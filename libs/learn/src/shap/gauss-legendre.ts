export interface Quadrature {
  /** In (0, 1), ascending. */
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/**
 * Gauss-Legendre quadrature on [0, 1]: integrates polynomials of degree 2 * points - 1 exactly. Nodes are the
 * roots of the Legendre polynomial by Newton's method (Press et al. 2007, Numerical Recipes, 4.6.1).
 */
export function gaussLegendre(points: number): Quadrature {
  const nodes = new Float64Array(points);
  const weights = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (points + 0.5));
    let slope = 0;
    for (let step = 0; step < 100; step++) {
      const { value, derivative } = legendre(points, x);
      slope = derivative;
      const change = value / derivative;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    slope = legendre(points, x).derivative;
    nodes[points - 1 - i] = (1 + x) / 2;
    weights[points - 1 - i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** The Legendre polynomial of a degree and its derivative, by the three-term recurrence. */
function legendre(degree: number, x: number): { value: number; derivative: number } {
  let before = 1;
  let value = x;
  for (let n = 2; n <= degree; n++) {
    [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
  }
  return { value, derivative: (degree * (x * value - before)) / (x * x - 1) };
}
