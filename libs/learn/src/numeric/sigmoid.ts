/** 1 / (1 + exp(-x)) without overflow. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/**
 * The same as {@link sigmoid}, but for the last bit where x < 0. Gradients of trees are taken with it: another last bit
 * would be other trees than those of models that are there.
 */
export function sigmoidOfScore(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Log-odds of a probability, which is kept `PROBABILITY_FLOOR` away from 0 and 1. */
export function logit(p: number): number {
  const inside = Math.min(1 - PROBABILITY_FLOOR, Math.max(PROBABILITY_FLOOR, p));
  return Math.log(inside / (1 - inside));
}

/** No probability is taken as more certain than this; the log loss of one row is at most 13.8 nats. */
export const PROBABILITY_FLOOR = 1e-6;
