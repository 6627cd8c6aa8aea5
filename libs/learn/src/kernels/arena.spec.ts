import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, ArenaFullError, createSharedMemory } from './arena.js';

describe('Arena', () => {
  it('never hands out overlapping blocks and reuses what was freed', () => {
    const operation = fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), free: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const arena = new Arena(createSharedMemory(2 ** 21));
        const live: { address: number; bytes: number }[] = [];
        for (const { bytes, free } of operations) {
          if (free && live.length > 0) arena.free(live.splice(bytes % live.length, 1)[0]!.address);
          else live.push({ address: arena.allocate(bytes, 'test'), bytes });
        }
        live.sort((a, b) => a.address - b.address);
        live.forEach((block, i) => {
          expect(block.address % 64).toBe(0);
          if (i > 0) expect(block.address).toBeGreaterThanOrEqual(live[i - 1]!.address + live[i - 1]!.bytes);
        });
        for (const block of live) arena.free(block.address);
        expect(arena.usedBytes()).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('grows the memory once and not again for what fits freed space', () => {
    const memory = createSharedMemory(2 ** 22);
    const arena = new Arena(memory);
    const first = arena.allocate(2 ** 20, 'test');
    const size = memory.buffer.byteLength;
    arena.free(first);
    const second = arena.allocate(2 ** 19, 'test');
    const third = arena.allocate(2 ** 19, 'test');
    expect([second, third]).toEqual([first, first + 2 ** 19]);
    expect(memory.buffer.byteLength).toBe(size);
  });

  it('starts anew after a reset', () => {
    const arena = new Arena(createSharedMemory(2 ** 20));
    const first = arena.allocate(1000, 'test');
    arena.allocate(1000, 'test');
    arena.reset();
    expect(arena.usedBytes()).toBe(0);
    expect(arena.allocate(500000, 'test')).toBe(first);
  });

  it('says what did not fit', () => {
    const arena = new Arena(createSharedMemory(2 ** 18));
    expect(() => arena.allocate(2 ** 19, 'histograms')).toThrow(ArenaFullError);
    expect(() => arena.allocate(2 ** 19, 'histograms')).toThrow('histograms needs 524288 bytes');
    expect(arena.usedBytes()).toBe(0);
  });

  it('refuses to free what it did not hand out', () => {
    const arena = new Arena(createSharedMemory(2 ** 18));
    const address = arena.allocate(8, 'test');
    arena.free(address);
    expect(() => arena.free(address)).toThrow('not an allocated block');
  });
});
