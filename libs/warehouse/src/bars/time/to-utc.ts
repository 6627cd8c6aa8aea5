import type { TimeZone, WallSpan } from './time-zone.js';

/** A wall time that is no instant, or one of two. */
export interface ClockChange {
  readonly row: number;
  readonly wall: number;
  /** `unsorted`: in an hour that came twice, times step back more often than clocks do. */
  readonly kind: 'skipped' | 'repeated' | 'unsorted';
}

/**
 * Turns wall times into instants, in place; rows must be in the order of time. An hour that the clocks showed twice is
 * told by the order of the bars: where their times step back once, the first pass ends and the second begins.
 *
 * @returns the first row whose instant cannot be told, undefined when all were
 */
export function wallTimesToUtc(times: Float64Array, rows: number, zone: TimeZone): ClockChange | undefined {
  for (let row = 0; row < rows; ) {
    const wall = times[row]!;
    const span = zone.spanAt(wall);
    if (span.offsets.length === 0) return { row, wall, kind: 'skipped' };
    if (span.offsets.length === 1) {
      times[row++] = wall - span.offsets[0]!;
      continue;
    }
    const end = endOfSpan(times, row, rows, span);
    const unresolved = resolveRepeated(times, row, end, span);
    if (unresolved !== undefined) return { wall, ...unresolved };
    row = end;
  }
  return undefined;
}

function endOfSpan(times: Float64Array, row: number, rows: number, { from, until }: WallSpan): number {
  let end = row;
  while (end < rows && times[end]! >= from && times[end]! < until) end++;
  return end;
}

/**
 * The bars `[start, end)` stand in a repeated hour. One step back among them is the change of the clocks, if the real gap
 * that this leaves is no longer than the step itself or the bar before it: two bars that are merely exchanged, or one
 * that is there twice, would leave a gap of nearly the whole hour.
 */
function resolveRepeated(
  times: Float64Array,
  start: number,
  end: number,
  span: WallSpan,
): Pick<ClockChange, 'row' | 'kind'> | undefined {
  const [first, second] = span.offsets as readonly [number, number];
  const back: number[] = [];
  for (let row = start + 1; row < end; row++) if (times[row]! <= times[row - 1]!) back.push(row);
  const [change, another] = back;
  const repeated = { row: start, kind: 'repeated' } as const;
  if (change === undefined) return repeated;
  if (another !== undefined) return { row: another, kind: 'unsorted' };
  const step = times[change - 1]! - times[change]!;
  const gap = first - second - step;
  const barBefore =
    change - 1 > start
      ? times[change - 1]! - times[change - 2]!
      : start > 0
        ? times[start]! - first - times[start - 1]!
        : 0;
  if (gap > Math.max(step, barBefore)) return repeated;
  for (let row = start; row < end; row++) times[row]! -= row < change ? first : second;
  return undefined;
}
