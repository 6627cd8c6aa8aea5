/** Items `start` to `end - 1` of a sequence. */
export interface Run {
  readonly start: number;
  readonly end: number;
  /** True for the run that comes first, empty or not: it may have less room. */
  readonly isFirst: boolean;
}

/** Tells whether items may stand together. What holds for a run holds for every part of it, and for the empty run. */
export type RunTest = (run: Run) => Promise<boolean>;

/** Consecutive runs by their ends, or an item that may not even stand alone. */
export type Runs = { readonly ends: readonly number[] } | { readonly refused: number };

/**
 * Cuts a sequence into the fewest runs that pass a test: each run is as long as it may be, than which no other way has
 * fewer. A length is found in two tests where runs are as long as the one before, in a number of tests that grows with
 * the logarithm of the length otherwise. Only the first run may be empty: when it has less room than the others.
 *
 * @param isExact false from when on tests are too many: a run that passes is then taken without looking for a longer one
 */
export async function fewestRuns(
  count: number,
  passes: RunTest,
  isExact: () => boolean = () => true,
): Promise<Runs> {
  const ends: number[] = [];
  let guess = Math.ceil(count / 2);
  let start = 0;
  do {
    const isFirst = ends.length === 0;
    const from = start;
    const test = (end: number): Promise<boolean> => passes({ start: from, end, isFirst });
    const end = await longestRun({ start, count, guess }, test, isExact);
    if (end === start && !isFirst) return { refused: start };
    if (end > start) guess = end - start;
    ends.push(end);
    start = end;
  } while (start < count);
  return { ends };
}

/** End of the longest run from a start that passes: the start itself when there is none. */
async function longestRun(
  { start, count, guess }: { start: number; count: number; guess: number },
  passes: (end: number) => Promise<boolean>,
  isExact: () => boolean,
): Promise<number> {
  let longest = start;
  let refused = count + 1;
  let step = 1;
  let next = Math.min(count, start + guess);
  while (longest + 1 < refused) {
    if (longest > start && !isExact()) break;
    if (await passes(next)) {
      longest = next;
      next = refused > count ? Math.min(count, next + step) : middle(longest, refused);
    } else {
      refused = next;
      next = longest === start ? Math.max(start + 1, next - step) : middle(longest, refused);
    }
    step *= 2;
  }
  return longest;
}

function middle(low: number, high: number): number {
  return Math.floor((low + high) / 2);
}

/**
 * Cuts a sequence into a number of runs of about equal load, each with at least one item.
 *
 * @param loads of the items
 * @param first what the first run has to bear besides
 */
export function balancedRuns(loads: readonly number[], runs: number, first = 0): number[] {
  const total = loads.reduce((sum, load) => sum + load, first);
  const ends: number[] = [];
  let end = 0;
  let sum = first;
  for (let run = 1; run < runs; run++) {
    const most = loads.length - (runs - run);
    const least = Math.min(end + 1, most);
    const share = (total * run) / runs;
    while (end < least || (end < most && sum + loads[end]! / 2 <= share)) sum += loads[end++]!;
    ends.push(end);
  }
  return [...ends, loads.length];
}
