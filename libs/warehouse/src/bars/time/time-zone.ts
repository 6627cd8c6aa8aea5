import { OnescanError } from '@onescan/contract/onescan-error.js';
import { offsetMicros } from './time-format.js';
import { MICROS_A_DAY, wallMicros } from './wall-time.js';

/** A stretch of wall time `[from, until)` in which the same offsets from UTC apply; all in microseconds. */
export interface WallSpan {
  readonly from: number;
  readonly until: number;
  /** One as a rule; none where clocks were put forward, two (the earlier instant first) where they were put back. */
  readonly offsets: readonly number[];
}

/** The rules by which the clocks of a place are read. */
export interface TimeZone {
  readonly name: string;
  /** The span that holds a wall time. */
  spanAt(wall: number): WallSpan;
}

const FIXED = /^(?:UTC|GMT|Z)?([+-]\d{1,2}(?::?\d{2})?)?$/i;
const SHIFTED = /^(.+?)([+-]\d{1,2}(?::?\d{2})?)$/;

/** Rules are looked up from before 1970 to this long after now. */
const AHEAD_MICROS = 400 * MICROS_A_DAY;
const START = -31 * MICROS_A_DAY;

/** No zone changes its clocks twice in so short a time. */
const STEP = 2 * MICROS_A_DAY;

/**
 * A time zone by name: `UTC`, a fixed offset (`+02:00`, `UTC+2`), an IANA name (`Europe/Athens`), or an IANA name with a
 * shift (`America/New_York+7`: the clock of New York and seven hours, which is what many brokers' servers show).
 *
 * @param now milliseconds since 1970
 * @throws OnescanError INVALID_ARGUMENT when there is no such zone
 */
export function timeZone(name: string, now: number = Date.now()): TimeZone {
  const fixed = name === '' ? null : FIXED.exec(name);
  if (fixed !== null) return fixedZone(name, requireOffset(name, fixed[1] ?? 'Z'));
  const clock = ianaClock(name);
  if (clock !== undefined) return ianaZone(name, clock, 0, now);
  const shifted = SHIFTED.exec(name);
  const base = shifted === null ? undefined : ianaClock(shifted[1]!);
  if (shifted === null || base === undefined) throw unknownZone(name);
  return ianaZone(name, base, requireOffset(name, shifted[2]!), now);
}

function requireOffset(name: string, text: string): number {
  const offset = offsetMicros(text);
  if (Number.isNaN(offset)) throw unknownZone(name);
  return offset;
}

function unknownZone(name: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `--time-zone: there is no time zone "${name.slice(0, 60)}"`, {
    remedy:
      'Give UTC, an offset such as +02:00, an IANA name such as Europe/Athens, or one with a shift: America/New_York+7',
    details: { field: 'time-zone' },
  });
}

function fixedZone(name: string, offset: number): TimeZone {
  const span: WallSpan = {
    from: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
    offsets: [offset],
  };
  return { name, spanAt: () => span };
}

/** What the clock shows at an instant, both in microseconds since 1970. */
type Clock = (instant: number) => number;

/** The clock of an IANA zone, or undefined when there is none of the name. */
function ianaClock(name: string): Clock | undefined {
  let format: Intl.DateTimeFormat;
  try {
    // All of it said, so that no locale of the process has a part in it.
    format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
  return (instant) => {
    const parts = Object.fromEntries(
      format.formatToParts(instant / 1000).map(({ type, value }) => [type, Number(value)]),
    );
    return wallMicros(parts as unknown as Parameters<typeof wallMicros>[0])!;
  };
}

/** A stretch of instants `[from, until)` with one offset. */
interface OffsetSpan {
  readonly from: number;
  readonly until: number;
  readonly offset: number;
}

function ianaZone(name: string, clock: Clock, shift: number, now: number): TimeZone {
  const spans = wallSpans(offsetSpans(clock, shift, now * 1000 + AHEAD_MICROS));
  let last = spans[0]!;
  return {
    name,
    spanAt: (wall) => {
      if (!(wall >= last.from && wall < last.until)) last = findSpan(spans, wall);
      return last;
    },
  };
}

function findSpan(spans: readonly WallSpan[], wall: number): WallSpan {
  let low = 0;
  let high = spans.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (wall < spans[middle]!.until) high = middle;
    else low = middle + 1;
  }
  return spans[low]!;
}

function offsetSpans(clock: Clock, shift: number, end: number): OffsetSpan[] {
  const offsetAt = (instant: number): number => clock(instant) - instant + shift;
  const spans: OffsetSpan[] = [];
  let from = Number.NEGATIVE_INFINITY;
  let offset = offsetAt(START);
  for (let at = START; at < end; at += STEP) {
    const next = offsetAt(at + STEP);
    if (next === offset) continue;
    const change = bisect(at, at + STEP, (instant) => offsetAt(instant) !== offset);
    spans.push({ from, until: change, offset });
    from = change;
    offset = next;
  }
  return [...spans, { from, until: Number.POSITIVE_INFINITY, offset }];
}

/** The first whole second of `(low, high]` at which the condition holds. */
function bisect(low: number, high: number, holds: (instant: number) => boolean): number {
  let [before, after] = [low / 1e6, high / 1e6];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (holds(middle * 1e6)) after = middle;
    else before = middle;
  }
  return after * 1e6;
}

/** Cuts wall time where clocks change: two offsets where they went back, none where they went forward. */
function wallSpans(instants: readonly OffsetSpan[]): WallSpan[] {
  const spans: WallSpan[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const [i, { until, offset }] of instants.entries()) {
    const next = instants[i + 1]?.offset;
    if (next === undefined) {
      spans.push({ from, until, offsets: [offset] });
      break;
    }
    const [start, end] = [until + Math.min(offset, next), until + Math.max(offset, next)];
    spans.push({ from, until: start, offsets: [offset] });
    spans.push({ from: start, until: end, offsets: next < offset ? [offset, next] : [] });
    from = end;
  }
  return spans;
}
