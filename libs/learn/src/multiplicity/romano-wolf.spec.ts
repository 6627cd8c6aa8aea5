import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { holm } from './adjusted-p-values.js';
import { type BlockedMean, romanoWolf } from './romano-wolf.js';

const BLOCKS = 60;

/** A mean of `BLOCKS` standard normal blocks of which a share is common to all. */
function meanOf(
  common: Float64Array,
  random: ReturnType<typeof seededRandom>,
  options: { shared: number; effect: number },
) {
  const { shared, effect } = options;
  const block = common.map(
    (all) => Math.sqrt(shared) * all + Math.sqrt(1 - shared) * random.normal() + effect,
  );
  const value = block.reduce((sum, own) => sum + own, 0) / BLOCKS;
  return { value, influence: block.map((own) => (own - value) / BLOCKS) };
}

function family(
  seed: bigint,
  count: number,
  options: { shared: number; effects?: readonly number[] },
): BlockedMean[][] {
  const random = seededRandom(seed);
  const common = Float64Array.from({ length: BLOCKS }, () => random.normal());
  return Array.from({ length: count }, (_, at) => [
    meanOf(common, random, { shared: options.shared, effect: options.effects?.[at] ?? 0 }),
  ]);
}

const base = { blocks: BLOCKS, replicates: 199, seed: 3n };

describe('romanoWolf', () => {
  it('finds something where there is nothing in five runs of a hundred, whatever tests share', () => {
    for (const shared of [0, 0.9]) {
      let runs = 0;
      for (let run = 0; run < 300; run++) {
        const adjusted = romanoWolf({ ...base, hypotheses: family(BigInt(run), 20, { shared }) });
        if (adjusted.some((p) => p <= 0.05)) runs++;
      }
      expect(runs / 300).toBeGreaterThan(0.015);
      expect(runs / 300).toBeLessThan(0.09);
    }
  });

  it('is kinder than Holm where tests share much', () => {
    const hypotheses = family(5n, 40, { shared: 0.95, effects: [0.5] });
    const [first] = romanoWolf({ ...base, replicates: 1999, hypotheses });
    const [{ value, influence }] = hypotheses[0] as [BlockedMean];
    const error = Math.sqrt(influence.reduce((sum, own) => sum + own * own, 0));
    expect(value / error).toBeGreaterThan(2);
    const alone = romanoWolf({ ...base, replicates: 1999, hypotheses: hypotheses.slice(0, 1) });
    expect(first).toBeLessThan(holm([alone[0]!], 40)[0]! / 2);
  });

  it('steps down: what is found makes the rest easier, and order changes nothing', () => {
    const hypotheses = family(8n, 12, { shared: 0, effects: [2, 0.45] });
    const adjusted = romanoWolf({ ...base, replicates: 999, hypotheses });
    const without = romanoWolf({ ...base, replicates: 999, hypotheses: hypotheses.slice(1) });
    expect(adjusted[0]).toBe(0.001);
    expect(adjusted[1]).toBe(without[0]);
    const backwards = romanoWolf({ ...base, replicates: 999, hypotheses: [...hypotheses].reverse() });
    expect(backwards.reverse()).toEqual(adjusted);
  });

  it('needs both means of a hypothesis, and finds nothing where nothing was tested', () => {
    const [[good], [bad]] = family(2n, 2, { shared: 0, effects: [2, -1] }) as [[BlockedMean], [BlockedMean]];
    const adjusted = romanoWolf({ ...base, hypotheses: [[good, good], [good, bad], null] });
    expect(adjusted[0]).toBeLessThan(0.05);
    expect(adjusted[1]).toBeGreaterThan(0.5);
    expect(adjusted[2]).toBe(1);
  });

  it('refuses what cannot be resampled together', () => {
    const [[mean]] = family(2n, 1, { shared: 0 }) as [[BlockedMean]];
    expect(() => romanoWolf({ ...base, blocks: 1, hypotheses: [] })).toThrow(LearnInputError);
    expect(() => romanoWolf({ ...base, blocks: 59, hypotheses: [[mean]] })).toThrow(LearnInputError);
  });
});
