import { expect, it } from 'vitest';
import { PartOrder } from './part-order.js';

it('puts the rows of a part together, in the order in which they came', () => {
  const order = new PartOrder(4);
  for (const part of [
    [2, 0, 3, 2, 0, 0, 2],
    [3, 3],
  ]) {
    order.sort(Float64Array.from(part), part.length);
    for (let p = 0; p < 4; p++) {
      const { positions, start, end } = order.rowsOf(p);
      expect([...positions.subarray(start, end)]).toEqual(
        part.flatMap((other, i) => (other === p ? [i] : [])),
      );
    }
  }
});

it.each([4, -1, 0.5, Number.NaN])('refuses part %s of 4', (part) => {
  expect(() => new PartOrder(4).sort(Float64Array.of(part), 1)).toThrow('there is no part');
});
