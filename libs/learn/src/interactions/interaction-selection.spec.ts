import { describe, expect, it, vi } from 'vitest';
import { Arena } from '../kernels/arena.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { timeBlocks } from '../stability/time-blocks.js';
import { binned } from '../testing/binned.js';
import { createWorkPool } from '../threads/thread-pool.js';
import { callingThread } from '../threads/work-pool.js';
import { estimateInteractionBytes } from './interaction-bytes.js';
import { type InteractionInput, selectInteractions } from './interaction-selection.js';

vi.setConfig({ testTimeout: 60_000 });

const ROWS = 4000;
const COLUMNS = 24;

interface Simulation {
  readonly seed: bigint;
  /** Share of the variance that each planted product of signs explains: columns (0, 1), (2, 3), (4, 5). */
  readonly share: number;
  /** Share that the main effects of columns 6 to 9 explain together. */
  readonly main?: number;
  /** Persistence of target and features from row to row. */
  readonly persistence?: number;
  /** Column that columns 10 to 15 resemble. */
  readonly siblingsOf?: number;
  /** Share that column 16 explains where column 17 is large, the other way round where it is small. */
  readonly sized?: number;
}

/** Features and a noise that depend on their past, and products of signs that have no effect one by one. */
function simulate(simulation: Simulation): InteractionInput {
  const { seed, share, main = 0, persistence = 0.6, siblingsOf, sized = 0 } = simulation;
  const random = seededRandom(seed);
  const series = () => {
    let level = random.normal();
    return Float64Array.from({ length: ROWS }, () => {
      level = persistence * level + Math.sqrt(1 - persistence ** 2) * random.normal();
      return level;
    });
  };
  const values = Array.from({ length: COLUMNS }, series);
  for (let sibling = 10; siblingsOf !== undefined && sibling < 16; sibling++) {
    values[sibling] = values[sibling]!.map((own, row) => 0.9 * values[siblingsOf]![row]! + 0.43 * own);
  }
  const noise = series();
  const target = noise.map((error, row) => {
    const x = (column: number) => values[column]![row]!;
    let y = Math.sqrt(1 - 3 * share - main - sized) * error;
    y += (Math.sqrt(sized) * x(16) * (Math.abs(x(17)) - Math.sqrt(2 / Math.PI))) / 0.6;
    for (const column of [0, 2, 4]) y += Math.sqrt(share) * Math.sign(x(column) * x(column + 1));
    for (const column of [6, 7, 8, 9])
      y += Math.sqrt(main / 4) * (column % 2 ? x(column) : x(column) ** 2 - 1);
    return y;
  });
  const bar = Int32Array.from({ length: ROWS }, (_, row) => row * 10);
  return {
    matrix: binned(values.map((column) => Float32Array.from(column))),
    columns: values.map((_, column) => column),
    mainEffects: [],
    blocks: timeBlocks({ bar, rows: ROWS, blocks: 16, purgeBars: 90 }),
    rows: Uint32Array.from(target.keys()),
    target,
    bar,
    dependenceBars: 90,
    pairs: 50,
    threshold: 0.6,
    maxFalse: 0.5,
    seed,
    pool: callingThread,
  };
}

describe('selectInteractions', () => {
  it('finds products of signs that have no effect one by one, and says how much they explain', () => {
    const { retained, tested, q, bounds, shadowSelections } = selectInteractions(
      simulate({ seed: 1n, share: 0.02 }),
      {},
    );
    const names = retained.map(({ columns }) => columns.join());
    expect(names).toEqual(expect.arrayContaining(['0,1', '2,3', '4,5']));
    expect(names.length).toBeLessThanOrEqual(4);
    for (const { columns, explained, frequency } of retained.slice(0, 3)) {
      expect(columns[0] % 2).toBe(0);
      expect(explained).toBeGreaterThan(0.008);
      expect(explained).toBeLessThan(0.04);
      expect(frequency).toBeGreaterThanOrEqual(0.6);
    }
    expect(tested).toBe((COLUMNS * (COLUMNS - 1)) / 2);
    expect(q).toBeGreaterThan(3);
    expect(bounds.unimodal).toBeLessThanOrEqual(0.5);
    expect(shadowSelections).toBeLessThanOrEqual(1);
  });

  it('retains fewer than the bound on average when nothing interacts, persistent or not', () => {
    const counts = [1n, 2n, 3n, 4n].flatMap((seed) =>
      [0.3, 0.9].map(
        (persistence) =>
          selectInteractions(simulate({ seed: 100n + seed, share: 0, persistence }), {}).retained.length,
      ),
    );
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeLessThanOrEqual(0.5);
  });

  it('is not deceived by strong effects of features one by one, straight or curved', () => {
    const counts = [11n, 12n, 13n].map(
      (seed) => selectInteractions(simulate({ seed, share: 0, main: 0.4 }), {}).retained.length,
    );
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeLessThanOrEqual(0.5);
  });

  it('finds a feature that says more where another is large, by that size and by nothing else', () => {
    const input = simulate({ seed: 3n, share: 0, sized: 0.03 });
    const isPlanted = ({ columns: [a, b] }: { readonly columns: readonly number[] }) => a === 16 && b === 17;
    expect(selectInteractions(input, {}).retained.filter(isPlanted)).toEqual([]);
    const { retained, tested } = selectInteractions({ ...input, sizes: input.columns }, {});
    expect(retained.filter(isPlanted)).toMatchObject([{ parts: ['value', 'size'], direction: 1 }]);
    expect(tested).toBe(COLUMNS * (2 * COLUMNS - 1) - COLUMNS);
  });

  it('is the same on two threads, and for columns in another order', () => {
    const input = simulate({ seed: 21n, share: 0.02 });
    const plain = selectInteractions(input, {});
    const pool = createWorkPool(2);
    expect(selectInteractions({ ...input, pool }, {})).toEqual(plain);
    pool.close();
    const turned = selectInteractions({ ...input, columns: input.columns.toReversed() }, {});
    const named = (outcome: typeof plain) =>
      outcome.retained.map(({ columns, frequency }) => `${columns} ${frequency.toFixed(9)}`).sort();
    expect(named(turned)).toEqual(named(plain));
  });

  it('takes the memory that is estimated and gives it back, on one thread and on two', () => {
    const input = simulate({ seed: 41n, share: 0 });
    const arena = new Arena(input.matrix.memory);
    const before = arena.usedBytes();
    for (const threads of [1, 2]) {
      const pool = createWorkPool(threads);
      let most = 0;
      selectInteractions(
        { ...input, pool },
        {
          onProgress: () => {
            most = Math.max(most, arena.usedBytes() - before);
          },
        },
      );
      pool.close();
      const size = { rows: ROWS, columns: COLUMNS, blocks: 16, bins: 64, threads };
      expect(most / estimateInteractionBytes(size)).toBeLessThan(1.1);
      if (threads === 1) expect(most / estimateInteractionBytes(size)).toBeGreaterThan(0.9);
      expect(arena.usedBytes()).toBe(before);
    }
  });

  it('sees a pair once, also where a feature has nearly equal siblings', () => {
    const input = simulate({ seed: 51n, share: 0.03, siblingsOf: 1 });
    const firsts = selectInteractions(input, {}).retained.map(({ columns: [a] }) => a);
    expect(firsts.filter((column) => column === 0)).toHaveLength(1);
  });

  it('is not crowded out by the curved effect of a feature with siblings when that effect is known', () => {
    const input = simulate({ seed: 52n, share: 0.02, main: 0.5, siblingsOf: 6 });
    const retained = [[], [6, 8]].map((mainEffects) =>
      selectInteractions({ ...input, mainEffects }, {}).retained.map(({ columns }) => columns.join()),
    );
    expect(retained[0]).toEqual([]);
    expect(retained[1]!.sort()).toEqual(['0,1', '2,3', '4,5']);
  });

  it('selects nothing where there is no pair or the bound allows none', () => {
    const input = simulate({ seed: 31n, share: 0.02 });
    const single = selectInteractions({ ...input, columns: [3] }, {});
    expect(single).toMatchObject({ retained: [], tested: 0, q: 0 });
    expect(selectInteractions({ ...input, maxFalse: 0.001 }, {})).toMatchObject({ retained: [], q: 0 });
  });
});
