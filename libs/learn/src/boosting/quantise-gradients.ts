import { LearnInputError } from '../errors/learn-input-error.js';

/** Units in which packed sums count: gradient = integer * gradientUnit, hessian likewise. */
export interface GradientUnits {
  readonly gradientUnit: number;
  readonly hessianUnit: number;
}

/** Beyond 20 bits a finer unit changes nothing that f64 scores can tell apart reliably. */
const MOST_STEPS = 2 ** 20;

/** A uniform number in [0, 1) of a row and a round: lowbias32 (Wellons 2018), stateless. */
function dither(row: number, salt: number): number {
  let x = Math.imul(row, 0x9e3779b9) ^ salt;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0xd35a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 4294967296;
}

function largest(values: Float64Array, positions: Uint32Array): number {
  let most = 0;
  for (let i = 0; i < positions.length; i++) most = Math.max(most, Math.abs(values[positions[i]!]!));
  return most;
}

/**
 * Packs gradients and hessians into integers, two int32 a row: hessian, then gradient (the two halves of
 * one little-endian i64). Units are as fine as sums over all the rows allow without overflow: about 15
 * bits for 80,000 rows. Rounding is unbiased and repeatable: floor(value + u) with u a hash of row and
 * `salt` (stochastic rounding, as in Shi et al. 2022, but without a random state).
 *
 * @param positions which entries of gradient and hessian to pack, in the order of the output
 * @param equalHessian all hessians are the same number: they are packed as 1 and stay exact
 * @param packed output, 2 int32 a position
 */
export function quantiseGradients(
  input: {
    gradient: Float64Array;
    hessian: Float64Array;
    positions: Uint32Array;
    equalHessian: boolean;
    salt: number;
  },
  packed: Int32Array,
): GradientUnits {
  const { gradient, hessian, positions, equalHessian, salt } = input;
  const count = positions.length;
  const gradientSteps = Math.min(MOST_STEPS, Math.floor((2 ** 31 - 1) / count) - 1);
  const hessianSteps = Math.min(MOST_STEPS, Math.floor((2 ** 32 - 1) / count) - 1);
  if (gradientSteps < 1) throw new LearnInputError(`${count} rows are too many for packed gradient sums`);
  const gradientUnit = largest(gradient, positions) / gradientSteps || 1;
  const hessianUnit = equalHessian ? hessian[positions[0]!]! : largest(hessian, positions) / hessianSteps;
  for (let i = 0; i < count; i++) {
    const position = positions[i]!;
    const u = dither(position, salt);
    packed[2 * i + 1] = Math.floor(gradient[position]! / gradientUnit + u);
    packed[2 * i] = equalHessian ? 1 : Math.max(1, Math.floor(hessian[position]! / hessianUnit + u));
  }
  return { gradientUnit, hessianUnit };
}
