/** Regressors of a column: its standardised value, three curved contrasts, whether the value is missing. */
export const CONTRASTS = 5;
/** Curved contrasts of a column at most. */
const CURVED = 3;
/** Cosines of rank that are tried for them. */
const TRIED = 6;
/** A cosine serves when at least this share of its variance is not explained by those before it. */
const LEAST_LEFT = 0.25;
/** Missing or not is a contrast when at least this share of the rows is missing, and as much is not. */
const MISSING_SHARE = 0.05;

/** Float32 cells of one contrast: whole vectors of four. */
export function contrastPitch(bins: number): number {
  return Math.ceil(bins / 4) * 4;
}

/**
 * Regressors by bin that tell a straight effect of a column from a curved one: the column's standardised value,
 * and the first three cosines of its rank that are new beside it, orthonormal over the counted rows to a constant,
 * to the standardised value and to each other. That is Neyman's smooth test (Neyman 1937; Rayner & Best 1989)
 * without the component that a linear model sees: few degrees of freedom, so that smooth effects stand out of noise
 * in which one-way F over all bins drowns them.
 *
 * @param values the standardised value of every bin, 0 for missing rows (bin 0), in units of `scale`
 * @param counts rows by bin
 * @param into [5][pitch], overwritten; a contrast that the column does not have is 0 everywhere
 */
export function curvatureContrasts(
  values: Int16Array,
  scale: number,
  counts: ArrayLike<number>,
  into: Float32Array,
): void {
  const pitch = contrastPitch(values.length);
  into.fill(0);
  values.forEach((value, bin) => {
    into[bin] = value / scale;
  });
  const { bins, weight, rank, missing } = presentBins(values.length, counts);
  if (missing >= MISSING_SHARE && missing <= 1 - MISSING_SHARE) into[(CONTRASTS - 1) * pitch] = 1;
  const constant = bins.map(() => 1);
  const known = [constant];
  const line = residual(
    bins.map((bin) => values[bin]! / scale),
    known,
    weight,
  );
  if (line) known.push(line);
  let found = 0;
  for (let order = 1; order <= TRIED && found < CURVED; order++) {
    const cosine = rank.map((share) => Math.cos(Math.PI * order * share));
    const contrast = residual(cosine, known, weight);
    if (!contrast) continue;
    known.push(contrast);
    found++;
    bins.forEach((bin, k) => {
      into[found * pitch + bin] = contrast[k]!;
    });
  }
}

interface PresentBins {
  /** Bins of values that have rows, ascending. */
  readonly bins: number[];
  /** Their shares of the rows that are not missing. */
  readonly weight: number[];
  /** Share of those rows below the middle of the bin. */
  readonly rank: number[];
  /** Share of all rows that are missing. */
  readonly missing: number;
}

function presentBins(count: number, counts: ArrayLike<number>): PresentBins {
  const bins: number[] = [];
  let present = 0;
  for (let bin = 1; bin < count; bin++) {
    if (counts[bin]! === 0) continue;
    bins.push(bin);
    present += counts[bin]!;
  }
  const weight = bins.map((bin) => counts[bin]! / present);
  let below = 0;
  const rank = weight.map((share) => {
    below += share;
    return below - share / 2;
  });
  return { bins, weight, rank, missing: counts[0]! / (counts[0]! + present) };
}

/** What others leave of a vector, with mean square 1; undefined when they leave too little. */
function residual(vector: number[], others: number[][], weight: number[]): number[] | undefined {
  const product = (a: number[], b: number[]) => weight.reduce((sum, w, k) => sum + w * a[k]! * b[k]!, 0);
  const without = (from: number[], other: number[]) => {
    const share = product(from, other);
    return from.map((value, k) => value - share * other[k]!);
  };
  const centred = without(vector, others[0]!);
  const variance = product(centred, centred);
  // Twice, because once leaves what rounding makes of nearly equal vectors.
  const left = [...others, ...others].reduce(without, centred);
  const square = product(left, left);
  if (!(square > LEAST_LEFT * variance)) return undefined;
  return left.map((value) => value / Math.sqrt(square));
}
