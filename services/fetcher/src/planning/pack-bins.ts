/** Up to this many items fewer bins than the greedy ones are searched for. */
const EXACT_ITEMS = 16;

/** Placements tried for one number of bins before it is given up: milliseconds. */
const MAX_PLACEMENTS = 200_000;

export interface Bins {
  /** By dimension. */
  readonly capacity: readonly number[];
  /** Taken in the first bin, and in every other, before anything is put there. */
  readonly firstLoad: readonly number[];
  readonly otherLoad: readonly number[];
}

/**
 * Puts items with sizes in several dimensions into the fewest bins: first-fit decreasing by the largest share
 * of a bin (Garey, Graham, Johnson, Yao 1976), which is kept when it meets the lower bound of the sums;
 * otherwise fewer bins are searched for, by trying, for up to {@link EXACT_ITEMS} items.
 *
 * @param sizes every item fits an empty bin other than the first
 * @returns items by bin, each in ascending order; the first bin is there even when it stays empty
 */
export function packBins(sizes: readonly (readonly number[])[], bins: Bins): number[][] {
  const order = decreasing(sizes, bins.capacity);
  const greedy = firstFit(sizes, order, bins);
  const fewest = lowerBound(sizes, bins, greedy.length);
  let best = greedy;
  if (sizes.length <= EXACT_ITEMS) {
    for (let count = fewest; count < greedy.length && best === greedy; count++) {
      best = search(sizes, order, { bins, count }) ?? greedy;
    }
  }
  return best.map((bin) => bin.toSorted((a, b) => a - b));
}

function decreasing(sizes: readonly (readonly number[])[], capacity: readonly number[]): number[] {
  const share = sizes.map((size) => Math.max(...size.map((value, d) => value / capacity[d]!)));
  return sizes.map((_, i) => i).sort((a, b) => share[b]! - share[a]! || a - b);
}

function firstFit(sizes: readonly (readonly number[])[], order: readonly number[], bins: Bins): number[][] {
  const loads = [[...bins.firstLoad]];
  const packed: number[][] = [[]];
  for (const item of order) {
    let bin = loads.findIndex((load) => fits(load, sizes[item]!, bins.capacity));
    if (bin < 0) {
      bin = loads.push([...bins.otherLoad]) - 1;
      packed.push([]);
    }
    add(loads[bin]!, sizes[item]!, 1);
    packed[bin]!.push(item);
  }
  return packed;
}

/** Least number of bins, up to `most`, whose room holds the sum of the sizes in every dimension. */
function lowerBound(sizes: readonly (readonly number[])[], bins: Bins, most: number): number {
  const { capacity, firstLoad, otherLoad } = bins;
  const sums = capacity.map((_, d) => sizes.reduce((sum, size) => sum + size[d]!, 0));
  const holds = (count: number): boolean =>
    sums.every((sum, d) => {
      const others = (count - 1) * (capacity[d]! - otherLoad[d]!);
      return sum <= capacity[d]! - firstLoad[d]! + others;
    });
  let count = 1;
  while (count < most && !holds(count)) count++;
  return count;
}

/** A packing into exactly `count` bins or fewer, depth first; undefined when none is found. */
function search(
  sizes: readonly (readonly number[])[],
  order: readonly number[],
  { bins, count }: { bins: Bins; count: number },
): number[][] | undefined {
  const loads = Array.from({ length: count }, (_, i) => [...(i === 0 ? bins.firstLoad : bins.otherLoad)]);
  const packed: number[][] = loads.map(() => []);
  let placements = 0;
  const place = (next: number): boolean => {
    const item = order[next];
    if (item === undefined) return true;
    if (++placements > MAX_PLACEMENTS) return false;
    for (let bin = 0; bin < count; bin++) {
      if (!fits(loads[bin]!, sizes[item]!, bins.capacity)) continue;
      add(loads[bin]!, sizes[item]!, 1);
      packed[bin]!.push(item);
      if (place(next + 1)) return true;
      packed[bin]!.pop();
      add(loads[bin]!, sizes[item]!, -1);
      // Empty bins after the first are all alike.
      if (bin > 0 && packed[bin]!.length === 0) return false;
    }
    return false;
  };
  return place(0) ? packed : undefined;
}

function fits(load: readonly number[], size: readonly number[], capacity: readonly number[]): boolean {
  return size.every((value, d) => load[d]! + value <= capacity[d]!);
}

function add(load: number[], size: readonly number[], sign: 1 | -1): void {
  for (const [d, value] of size.entries()) load[d] = load[d]! + sign * value;
}
