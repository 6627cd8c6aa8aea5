import { LearnInputError } from '../errors/learn-input-error.js';
import type { ProtocolSettings } from '../splits/development-rows.js';
import { FEWEST_GROUPS } from '../splits/protocol-segments.js';
import { distinctPairs } from '../stability/complementary-pairs.js';
import { leastThreshold } from '../stability/error-bounds.js';

/** The settings that bear on each other. */
interface Entangled {
  readonly protocol: Pick<ProtocolSettings, 'scheme' | 'folds' | 'lockedShare' | 'score'>;
  readonly select: {
    readonly method: 'stability' | 'boosted';
    readonly pairs: number;
    readonly blocks: number;
    readonly threshold: number;
  };
  readonly interactions: { readonly features: number };
}

/** Most that is looked through for a setting that works: the upper bounds of select.blocks and select.pairs. */
const MOST_BLOCKS = 64;
const MOST_PAIRS = 200;

/**
 * Refuses settings that, each within its bounds, work together on no data.
 *
 * @param given keys that were set on purpose: of two that do not go together one of these is named
 * @throws LearnInputError naming the setting and the value nearest to its own that works
 */
export function requireWorkable(config: Entangled, given: Readonly<Record<string, string>>): void {
  requireGroups(config);
  requireLocked(config);
  const { select, interactions } = config;
  if (select.method === 'stability' || interactions.features > 1) requireDistinctPairs(config, given);
  if (select.method === 'stability') requireThreshold(config, given);
}

function requireGroups({ protocol: { scheme, folds } }: Entangled): void {
  if (scheme !== 'combinatorial' || folds >= FEWEST_GROUPS) return;
  throw new LearnInputError(
    `protocol.folds must be ${FEWEST_GROUPS} or more with protocol.scheme=combinatorial, got ${folds}: ` +
      'two groups of rows are tested at a time and a third is fitted on',
  );
}

function requireLocked({ protocol: { lockedShare, score } }: Entangled): void {
  if (score !== 'locked' || lockedShare > 0) return;
  throw new LearnInputError(
    'protocol.score=locked needs protocol.lockedShare above 0, the share that earlier runs left alone',
  );
}

function requireDistinctPairs(
  { select: { pairs, blocks } }: Entangled,
  given: Readonly<Record<string, string>>,
): void {
  const ways = distinctPairs(blocks - (blocks % 2));
  if (ways >= pairs) return;
  const why = `${blocks} time blocks make ${ways} different pairs of subsamples`;
  if (given['select.pairs'] !== undefined && given['select.blocks'] === undefined) {
    throw new LearnInputError(
      `select.pairs must be ${ways} or less with select.blocks=${blocks}, got ${pairs}: ${why}`,
    );
  }
  let least = blocks;
  while (least < MOST_BLOCKS && (least % 2 === 1 || distinctPairs(least) < pairs)) least++;
  throw new LearnInputError(
    `select.blocks must be ${least} or more with select.pairs=${pairs}, got ${blocks}: ${why}`,
  );
}

function requireThreshold(
  { select: { pairs, threshold } }: Entangled,
  given: Readonly<Record<string, string>>,
): void {
  const least = leastThreshold(pairs);
  if (threshold >= least) return;
  const why = `${pairs} pairs bound no false selections below a selection frequency of ${short(least)}`;
  let most = pairs;
  while (most < MOST_PAIRS && threshold < leastThreshold(most)) most++;
  if (
    given['select.pairs'] !== undefined &&
    given['select.threshold'] === undefined &&
    threshold >= leastThreshold(most)
  ) {
    throw new LearnInputError(
      `select.pairs must be ${most} or more with select.threshold=${threshold}, got ${pairs}: ${why}`,
    );
  }
  throw new LearnInputError(
    `select.threshold must be ${short(least)} or more with select.pairs=${pairs}, got ${threshold}: ${why}`,
  );
}

/** Rounded up to four digits, so that the value told works. */
function short(value: number): number {
  return Math.ceil(Number((value * 1e4).toPrecision(12))) / 1e4;
}
