import { seededRandom } from '../numeric/seeded-random.js';
import { HIDDEN_LEAKS } from './hidden-leaks.js';
import {
  DAY,
  day,
  disguised,
  encoded,
  type LeakVariant,
  meanClose,
  ranks,
  shareBelow,
  standardised,
} from './leak-world.js';

function dosed(dose: number, onset: number): LeakVariant {
  const when = onset === 0 ? 'from the start' : `after ${100 * onset} %`;
  return {
    name: `future in noise, ${100 * dose} %, ${when}`,
    dose,
    columns: (world) => [world.diluted(world.future, dose, 1, (at) => at >= onset)],
  };
}

/** Several columns that hold a part each. */
function spread(columns: number, each: number, onset = 0): LeakVariant {
  return {
    name: `${columns} columns of ${100 * each} % each${onset > 0 ? `, after ${100 * onset} %` : ''}`,
    dose: (columns * each) / (1 + (columns - 1) * each),
    columns: (world) =>
      Array.from({ length: columns }, (_, k) =>
        world.diluted(world.future, each, 10 + k, (at) => at >= onset),
      ),
  };
}

/** Dose x onset x columns x disguise, named. What is honestly beyond reach at a size is among them too. */
export const LEAK_VARIANTS: readonly LeakVariant[] = [
  ...[0.02, 0.05, 0.1, 0.24].flatMap((dose) => [0, 0.2, 0.5].map((onset) => dosed(dose, onset))),
  dosed(0.05, 0.7),
  spread(2, 0.02),
  spread(3, 0.02),
  spread(3, 0.01),
  spread(3, 0.02, 0.5),
  spread(10, 0.003),
  disguised('sign of the future, right in 57 %', (world) => {
    const luck = seededRandom(21n);
    return world.future.map((value) => Math.sign(value) * (luck.next() < 0.57 ? 1 : -1));
  }),
  disguised('future in three levels, 10 %', (world) =>
    world.diluted(world.future, 0.1, 2).map((value) => (Math.abs(value) < 0.5 ? 0 : Math.sign(value))),
  ),
  disguised('centred mean of the close, 30 bars to either side', (world) =>
    world.each((t) => 100 * (meanClose(world, t - 30, t + 30) / world.close(t) - 1)),
  ),
  disguised('centred mean of the close, 10 bars to either side', (world) =>
    world.each((t) => 100 * (meanClose(world, t - 10, t + 10) / world.close(t) - 1)),
  ),
  disguised('change of the last 45 bars, one bar ahead', (world) => world.change(1, -44)),
  disguised('change of the last 45 bars, five bars ahead', (world) => world.change(5, -40)),
  disguised('change over 90 bars around the row', (world) => world.change(45, -45)),
  disguised('change of the last 360 bars, an hour ahead', (world) => world.change(60, -300)),
  disguised('rare flag: rise beyond two deviations', (world) =>
    world.future.map((value) => (value > 2 ? 1 : 0)),
  ),
  disguised('rare flag: fall beyond 2.3 deviations, missing elsewhere', (world) =>
    world.future.map((value) => (value < -2.3 ? 1 : Number.NaN)),
  ),
  disguised('flag on every tenth row, right in 65 %', (world) => {
    const luck = seededRandom(22n);
    return world.future.map((value) =>
      luck.next() < 0.1 ? Math.sign(value) * (luck.next() < 0.65 ? 1 : -1) : 0,
    );
  }),
  disguised('future in every fifth row, missing elsewhere', (world) => {
    const luck = seededRandom(23n);
    return world.diluted(world.future, 0.24, 3).map((value) => (luck.next() < 0.2 ? value : Number.NaN));
  }),
  disguised('only where the last 45 bars moved much, 10 %', (world) => {
    const past = standardised(world.change(0, -45));
    return world.diluted(world.future, 0.1, 4, (_at, row) => Math.abs(past[row]!) > 1);
  }),
  disguised('in every other tenth of the period, 10 %', (world) =>
    world.diluted(world.future, 0.1, 5, (at) => Math.floor(10 * at) % 2 === 0),
  ),
  disguised('close scaled by the whole period', (world) => standardised(world.each((t) => world.close(t)))),
  disguised('rank of the close in the whole period', (world) => ranks(world.each((t) => world.close(t)))),
  disguised('rank of the close among the next 90 bars', (world) =>
    world.each((t) => shareBelow(world, t, t + 1, t + 90)),
  ),
  disguised('place in the range of the whole day', (world) =>
    world.each((t) => shareBelow(world, t, day(t), day(t) + DAY - 1)),
  ),
  disguised('close of the day, filled back', (world) =>
    world.each((t) => 100 * (world.close(day(t) + DAY - 1) / world.close(t) - 1)),
  ),
  disguised('gaps of an hour filled with what comes next', (world) =>
    world.each((t) => 100 * (world.close(t + 60 - (t % 60)) / world.close(t) - 1)),
  ),
  disguised('mean of the target by day', (world) => encoded(world, (t) => day(t))),
  disguised('mean of the target by six hours', (world) => encoded(world, (t) => Math.floor(t / 360))),
  disguised('mean of the target by hour of the week', (world) =>
    encoded(world, (t) => Math.floor((t % (7 * DAY)) / 60)),
  ),
  disguised('size of the future move', (world) => world.future.map(Math.abs)),
  disguised('future of h105 in noise, 5 %', (world) => world.diluted(world.change(105, 60), 0.05, 6)),
  disguised('future added to an honest change, 5 %', (world) => {
    const past = standardised(world.change(0, -90));
    return world.diluted(world.future, 0.05, 7).map((value, row) => value + past[row]!);
  }),
  {
    name: 'product of two columns, 10 %',
    columns: (world) => {
      const coin = world.noise(8).map(Math.sign);
      return [coin, world.diluted(world.future, 0.1, 9).map((value, row) => value * coin[row]!)];
    },
  },
  ...HIDDEN_LEAKS,
];
