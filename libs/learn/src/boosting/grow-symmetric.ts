import { Arena } from '../kernels/arena.js';
import { sampleNodeColumns } from './column-sampler.js';
import type { OpenLeaf } from './open-leaf.js';
import type { FoundSplit } from './tree-assembly.js';
import type { TreeGrower } from './tree-grower.js';

interface LevelSplit {
  readonly slot: number;
  readonly bin: number;
  readonly missingLeft: boolean;
}

/**
 * Grows an oblivious tree: every level applies the one split that gains most over all its leaves
 * together. A leaf that the split would leave with too small a child stays whole, and takes part in the
 * next level again.
 *
 * @returns all leaves, ordered by leaf number
 */
export function growSymmetric(grower: TreeGrower, root: OpenLeaf): OpenLeaf[] {
  const { maxDepth, maxLeaves } = grower.params;
  const levels = maxDepth > 0 ? maxDepth : Math.ceil(Math.log2(maxLeaves));
  let leaves = [root];
  for (let level = 0; level < levels && 2 * leaves.length <= maxLeaves; level++) {
    const split = findLevelSplit(grower, leaves);
    if (!split) break;
    const isLast = level + 1 === levels || 4 * leaves.length > maxLeaves;
    leaves = splitLevel(grower, leaves, split, !isLast);
  }
  for (const leaf of leaves) grower.close(leaf);
  return leaves;
}

function splitLevel(grower: TreeGrower, leaves: OpenLeaf[], split: LevelSplit, goesOn: boolean): OpenLeaf[] {
  const next = [...leaves];
  for (const leaf of leaves) {
    leaf.split = splitOfLeaf(grower, leaf, split);
    if (!leaf.split) continue;
    const [left, right] = grower.split(leaf, goesOn);
    next[left.leaf] = left;
    next[right.leaf] = right;
  }
  return next;
}

function findLevelSplit(grower: TreeGrower, leaves: OpenLeaf[]): LevelSplit | undefined {
  const { kernel, memory, cells, scoring, sample, params } = grower;
  const slots = sampleNodeColumns(sample.slots, params.nodeColumnFraction, grower.random);
  const arena = new Arena(grower.matrix.memory);
  arena.u32(memory.slots, slots.length).set(slots);
  const scores = arena.f64(memory.symmetricScores, 2 * cells * slots.length).fill(0);
  let toBeat = params.minGain / scoring.scoreUnit;
  for (const leaf of leaves) {
    if (leaf.histograms === 0) continue;
    const own = scoring.ownScore(leaf);
    toBeat += scoring.scoreToBeat(leaf) - params.minGain / scoring.scoreUnit;
    kernel.addSymmetricScores(
      leaf.histograms,
      cells,
      memory.slots,
      slots.length,
      leaf.gradient,
      leaf.hessian,
      scoring.l1,
      scoring.l2,
      scoring.leastHessian(leaf),
      own,
      memory.symmetricScores,
    );
  }
  return bestOf(scores, slots, cells, toBeat);
}

function bestOf(
  scores: Float64Array,
  slots: Uint32Array,
  cells: number,
  toBeat: number,
): LevelSplit | undefined {
  let best = -1;
  let score = toBeat;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! <= score || i % cells === 0) continue;
    score = scores[i]!;
    best = i;
  }
  if (best < 0) return undefined;
  const column = Math.floor(best / cells);
  return { slot: slots[column >> 1]!, bin: best % cells, missingLeft: (column & 1) === 1 };
}

/** The level's split with this leaf's sums, or undefined when a child would be too small. */
function splitOfLeaf(grower: TreeGrower, leaf: OpenLeaf, split: LevelSplit): FoundSplit | undefined {
  if (leaf.histograms === 0) return undefined;
  const { scoring, cells } = grower;
  const cell = new Arena(grower.matrix.memory).i32(leaf.histograms + 8 * split.slot * cells, 2 * cells);
  let leftHessian = split.missingLeft ? cell[0]! >>> 0 : 0;
  let leftGradient = split.missingLeft ? cell[1]! : 0;
  for (let bin = 1; bin <= split.bin; bin++) {
    leftHessian += cell[2 * bin]! >>> 0;
    leftGradient += cell[2 * bin + 1]!;
  }
  const least = scoring.leastHessian(leaf);
  if (leftHessian < least || leaf.hessian - leftHessian < least) return undefined;
  const found = { ...split, leftGradient, leftHessian, gain: 0 };
  if (!grower.keepsRows(leaf, found)) return undefined;
  return { ...found, gain: scoring.gain(leaf, scoring.childrenScore(leaf, found)) };
}
