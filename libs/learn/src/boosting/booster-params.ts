import { LearnInputError } from '../errors/learn-input-error.js';
import { OBJECTIVES, type Objective } from './objective.js';

/**
 * How a tree grows: `leaf` splits the leaf that gains most (LightGBM), `level` completes one depth before
 * the next (XGBoost's default), `symmetric` applies one split to a whole depth (CatBoost).
 */
export const GROWTHS = ['leaf', 'level', 'symmetric'] as const;
export type Growth = (typeof GROWTHS)[number];

export interface BoosterParams {
  objective: Objective;
  growth: Growth;
  /** Trees at most. */
  rounds: number;
  learningRate: number;
  maxLeaves: number;
  /** Splits on a path at most; 0 means no limit but `maxLeaves`. */
  maxDepth: number;
  /** L1 penalty on leaf values. */
  l1: number;
  /** L2 penalty on leaf values. */
  l2: number;
  /** Training rows a leaf keeps at least. */
  minRowsInLeaf: number;
  /** Sum of hessians a leaf keeps at least. */
  minHessianInLeaf: number;
  /** A split must gain more than this. */
  minGain: number;
  /** Share of the training rows drawn for trees, without replacement. */
  rowFraction: number;
  /** A new draw of rows every so many rounds. */
  rowEvery: number;
  /** Share of the columns drawn for each tree. */
  treeColumnFraction: number;
  /** Share of the tree's columns drawn for each node. */
  nodeColumnFraction: number;
  /** Stop when the validation loss did not improve for so many rounds, and keep the best; 0 never stops. */
  earlyStoppingRounds: number;
  /** Residual, in label units, beyond which the Huber loss is linear. */
  huberDelta: number;
  /** The quantile of the quantile loss, inside (0, 1). */
  quantile: number;
  /** By matrix column: 1 the score must not fall, -1 must not rise with the value, 0 free. */
  monotone: Int8Array | null;
  seed: bigint;
}

export const DEFAULT_BOOSTER_PARAMS: Readonly<BoosterParams> = {
  objective: 'squared',
  growth: 'leaf',
  rounds: 100,
  learningRate: 0.1,
  maxLeaves: 31,
  maxDepth: 8,
  l1: 0,
  l2: 1,
  minRowsInLeaf: 20,
  minHessianInLeaf: 1e-3,
  minGain: 0,
  rowFraction: 1,
  rowEvery: 1,
  treeColumnFraction: 1,
  nodeColumnFraction: 1,
  earlyStoppingRounds: 0,
  huberDelta: 1,
  quantile: 0.5,
  monotone: null,
  seed: 0n,
};

type NumericKey = {
  [Key in keyof BoosterParams]: BoosterParams[Key] extends number ? Key : never;
}[keyof BoosterParams];

interface Range {
  least: number;
  most?: number;
  whole?: boolean;
  /** The least value itself is not allowed. */
  open?: boolean;
}

const RANGES: Record<NumericKey, Range> = {
  rounds: { least: 1, whole: true },
  learningRate: { least: 0, open: true },
  maxLeaves: { least: 2, most: 65535, whole: true },
  maxDepth: { least: 0, whole: true },
  l1: { least: 0 },
  l2: { least: 0 },
  minRowsInLeaf: { least: 1, whole: true },
  minHessianInLeaf: { least: 0 },
  minGain: { least: 0 },
  rowFraction: { least: 0, most: 1, open: true },
  rowEvery: { least: 1, whole: true },
  treeColumnFraction: { least: 0, most: 1, open: true },
  nodeColumnFraction: { least: 0, most: 1, open: true },
  earlyStoppingRounds: { least: 0, whole: true },
  huberDelta: { least: 0, open: true },
  quantile: { least: 0, most: 1, open: true },
};

const OBJECTIVE_NAMES = Object.keys(OBJECTIVES);

/** Fills defaults and checks every value. @throws LearnInputError naming the parameter and what it may be */
export function resolveBoosterParams(given: Partial<BoosterParams>): BoosterParams {
  for (const key of Object.keys(given)) {
    if (!(key in DEFAULT_BOOSTER_PARAMS)) throw new LearnInputError(`there is no booster parameter ${key}`);
  }
  const params = { ...DEFAULT_BOOSTER_PARAMS, ...given };
  for (const [key, range] of Object.entries(RANGES)) checkRange(key, params[key as NumericKey], range);
  if (!OBJECTIVE_NAMES.includes(params.objective))
    throw new LearnInputError(`objective must be one of ${OBJECTIVE_NAMES.join(', ')}`);
  if (!GROWTHS.includes(params.growth))
    throw new LearnInputError(`growth must be one of ${GROWTHS.join(', ')}`);
  if (params.quantile === 1) throw new LearnInputError('quantile must be below 1');
  if (params.growth === 'symmetric' && params.monotone?.some((direction) => direction !== 0)) {
    throw new LearnInputError('monotone constraints need growth leaf or level');
  }
  return params;
}

function checkRange(
  key: string,
  value: number,
  { least, most = Number.MAX_VALUE, whole, open }: Range,
): void {
  const fits =
    value <= most && (open ? value > least : value >= least) && (!whole || Number.isInteger(value));
  if (fits) return;
  const kind = whole ? 'a whole number' : 'a number';
  const upper = most === Number.MAX_VALUE ? '' : ` and at most ${most}`;
  throw new LearnInputError(
    `${key} must be ${kind} ${open ? 'above' : 'of at least'} ${least}${upper}, got ${value}`,
  );
}
