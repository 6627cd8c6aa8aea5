import { type Entry, EntryRoom } from './entry-room.js';
import { gramPitch } from './gram-bytes.js';
import type { Method } from './stability-method.js';
import type { SubsampleStatistics } from './subsample-statistics.js';

/** The first variables to enter an elastic-net path: straight effects, jointly. */
export const elasticNet: Method = {
  doc: 'straight effects, jointly',
  needsLabels: false,
  inflation: ({ linear }) => linear,
  bytes({ columns, limit }) {
    const pitch = gramPitch(columns);
    return pitch * 17 + limit * (pitch + limit) * 4;
  },
  open({ context, usable, inflation }, limit, scope) {
    const room = new EntryRoom(context, limit, scope);
    const weight = inflation.linear.map((times, j) => usable[j]! / Math.sqrt(times));
    const enter = ({ inner, total, blocks, moments }: SubsampleStatistics): Entry =>
      room.enter({ innerProduct: inner, total, blocks, ...moments }, weight);
    return {
      select: (statistics, most) => enter(statistics).order.subarray(0, most),
      score: (statistics) => entryScore(enter(statistics)),
    };
  },
};

/** The earlier a variable enters the more; those that do not, by the size of their gradient at the path's end. */
function entryScore({ order, gradient }: Entry): Float64Array {
  const score = gradient.map(Math.abs);
  order.forEach((j, place) => {
    score[j] = 1 + order.length - place;
  });
  return Float64Array.from(score);
}
