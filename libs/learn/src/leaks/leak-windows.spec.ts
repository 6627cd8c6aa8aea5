import { describe, expect, it } from 'vitest';
import { leakWindows } from './leak-windows.js';

const geometry = { horizon: 15, targetWindow: 45 };
const SPAN = 60;

/** Rows on every `spacing`th bar. */
function windowsOf(rows: number, spacing: number) {
  const bar = Int32Array.from({ length: rows }, (_, row) => row * spacing);
  return { bar, windows: leakWindows({ rows: [...bar.keys()], bar, geometry }) };
}

describe('leakWindows', () => {
  it('has five windows, all rows between them, where each holds 80 independent labels', () => {
    const { windows } = windowsOf(5 * SPAN * 81, 1);
    expect(windows).toHaveLength(5);
    expect(windows[0]!.first).toBe(0);
    expect(windows[4]!.last).toBe(5 * SPAN * 81 - 1);
    for (let k = 1; k < 5; k++) expect(windows[k]!.first).toBe(windows[k - 1]!.last + 1);
  });

  it.each([
    [3 * SPAN * 81, 3],
    [SPAN * 81, 1],
    [200, 1],
    [1, 1],
  ])('has fewer where rows are fewer: %i rows, %i windows', (rows, count) => {
    expect(windowsOf(rows, 1).windows).toHaveLength(count);
  });

  it('has none without rows', () => {
    expect(windowsOf(0, 1).windows).toEqual([]);
  });

  it('lets no label of one half meet one of the other', () => {
    const { bar, windows } = windowsOf(20_000, 3);
    for (const { halves } of windows) {
      const labels = halves.flatMap(({ rows }, half) =>
        rows.map((row) => ({ half, from: bar[row]! - 30, to: bar[row]! + 15 })),
      );
      labels.sort((a, b) => a.from - b.from);
      for (let k = 1; k < labels.length; k++) {
        const [before, after] = [labels[k - 1]!, labels[k]!];
        if (before.half !== after.half) expect(before.to).toBeLessThan(after.from);
      }
    }
  });

  it('keeps most rows, half of them in each half, from all of the window', () => {
    const { windows } = windowsOf(20_000, 3);
    for (const { first, last, halves } of windows) {
      const [one, other] = halves.map(({ rows }) => rows.length) as [number, number];
      expect(one + other).toBeGreaterThan(0.8 * (last - first + 1));
      expect(Math.abs(one - other)).toBeLessThan(0.1 * one);
      for (const { rows } of halves) {
        expect(rows[0]).toBeLessThan(first + 0.2 * (last - first));
        expect(rows.at(-1)).toBeGreaterThan(last - 0.2 * (last - first));
      }
    }
  });

  it('numbers pieces of four label spans, never one in two halves', () => {
    const { bar, windows } = windowsOf(20_000, 3);
    const halfOf = new Map<number, number>();
    for (const [w, { halves }] of windows.entries()) {
      halves.forEach(({ rows, pieces }, half) => {
        expect(pieces).toHaveLength(rows.length);
        pieces.forEach((piece, k) => {
          expect(halfOf.get(piece) ?? 2 * w + half).toBe(2 * w + half);
          halfOf.set(piece, 2 * w + half);
          const begin = pieces.indexOf(piece);
          expect(bar[rows[k]!]! - bar[rows[begin]!]!).toBeLessThan(4 * SPAN);
        });
      });
    }
  });
});
