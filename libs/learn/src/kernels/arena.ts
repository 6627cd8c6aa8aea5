/**
 * Allocator of one shared WebAssembly memory. Its block table lives in the memory itself and is guarded
 * by a lock, so threads that share the memory can allocate and free concurrently.
 *
 * Layout of the first page: [0, 1024) unused, [1024, 32768) static data of kernels, then lock, block
 * count and block table. Blocks are 64-byte aligned so that vectors never straddle cache lines.
 */
const PAGE = 65536;
const LOCK = 32768 / 4;
const COUNT = LOCK + 1;
const TABLE = LOCK + 4;
const MAX_BLOCKS = Math.floor((PAGE / 4 - TABLE) / 3);
const ALIGN = 64;
/** 65,536 pages: the 4 GiB that 32-bit addresses reach. */
const MAX_PAGES = 65536;

/** Bytes that 32-bit addresses reach: the upper limit of one memory. */
export const MAX_MEMORY_BYTES = MAX_PAGES * PAGE;

/** Waits of a millisecond for another thread's allocation, which takes microseconds. */
const MOST_WAITS = 30_000;

/** A memory that does not fit its limit; the message carries the arithmetic. */
export class ArenaFullError extends Error {
  override readonly name = 'ArenaFullError';
}

/** Reserves (without committing) a shared memory that may grow to `maximumBytes`. */
export function createSharedMemory(maximumBytes: number = MAX_MEMORY_BYTES): WebAssembly.Memory {
  const maximum = Math.min(MAX_PAGES, Math.max(1, Math.ceil(maximumBytes / PAGE)));
  return new WebAssembly.Memory({ initial: 1, maximum, shared: true });
}

export class Arena {
  constructor(readonly memory: WebAssembly.Memory) {}

  /**
   * Reserves `bytes` bytes, 64-byte aligned, contents undefined, and returns the address.
   * @param purpose what the bytes are for, named in the error
   * @throws ArenaFullError when the memory cannot grow enough
   */
  allocate(bytes: number, purpose: string): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    return this.#locked(() => this.#takeFree(size) ?? this.#extend(size, purpose));
  }

  /** Gives a block back. @throws Error when `address` was not allocated or was freed before */
  free(address: number): void {
    this.#locked(() => {
      const table = this.#table();
      const count = table[COUNT]!;
      for (let i = 0; i < count; i++) {
        const at = TABLE + 3 * i;
        if (table[at] !== address || table[at + 2] !== 1) continue;
        table[at + 2] = 0;
        this.#mergeFree();
        return;
      }
      throw new Error(`address ${address} is not an allocated block of this arena`);
    });
  }

  /** Forgets all blocks: only for a memory that nobody uses any more. */
  reset(): void {
    this.#locked(() => {
      this.#table()[COUNT] = 0;
    });
  }

  /** Bytes in allocated blocks, all threads together. */
  usedBytes(): number {
    return this.#locked(() => {
      const table = this.#table();
      let used = 0;
      for (let i = 0; i < table[COUNT]!; i++)
        if (table[TABLE + 3 * i + 2] === 1) used += table[TABLE + 3 * i + 1]!;
      return used;
    });
  }

  u8(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer(address + length), address, length);
  }

  i16(address: number, length: number): Int16Array {
    return new Int16Array(this.#buffer(address + 2 * length), address, length);
  }

  u32(address: number, length: number): Uint32Array {
    return new Uint32Array(this.#buffer(address + 4 * length), address, length);
  }

  i32(address: number, length: number): Int32Array {
    return new Int32Array(this.#buffer(address + 4 * length), address, length);
  }

  f32(address: number, length: number): Float32Array {
    return new Float32Array(this.#buffer(address + 4 * length), address, length);
  }

  f64(address: number, length: number): Float64Array {
    return new Float64Array(this.#buffer(address + 8 * length), address, length);
  }

  /** The buffer, refreshed when another thread grew the memory meanwhile. */
  #buffer(end: number): SharedArrayBuffer {
    if (this.memory.buffer.byteLength < end) this.memory.grow(0);
    return this.memory.buffer as unknown as SharedArrayBuffer;
  }

  #table(): Uint32Array {
    return new Uint32Array(this.#buffer(PAGE), 0, PAGE / 4);
  }

  #takeFree(size: number): number | undefined {
    const table = this.#table();
    const count = table[COUNT]!;
    for (let i = 0; i < count; i++) {
      const at = TABLE + 3 * i;
      if (table[at + 2] !== 0 || table[at + 1]! < size) continue;
      const left = table[at + 1]! - size;
      if (left > 0 && count < MAX_BLOCKS) {
        this.#insert(i + 1, table[at]! + size, left);
        table[at + 1] = size;
      }
      table[at + 2] = 1;
      return table[at]!;
    }
    return undefined;
  }

  #insert(position: number, address: number, bytes: number): void {
    const table = this.#table();
    const at = TABLE + 3 * position;
    table.copyWithin(at + 3, at, TABLE + 3 * table[COUNT]!);
    table.set([address, bytes, 0], at);
    table[COUNT]!++;
  }

  /** Grows the memory so that a free block of `size` bytes ends it, and takes that block. */
  #extend(size: number, purpose: string): number {
    const table = this.#table();
    let count = table[COUNT]!;
    const last = TABLE + 3 * (count - 1);
    const end = count === 0 ? PAGE : table[last]! + table[last + 1]!;
    const lastIsFree = count > 0 && table[last + 2] === 0;
    const start = lastIsFree ? table[last]! : end;
    if (!lastIsFree && count === MAX_BLOCKS)
      throw new ArenaFullError(`more than ${MAX_BLOCKS} blocks in one arena`);
    this.#growTo(start + size, size, purpose);
    if (lastIsFree) {
      count--;
    }
    table.set([start, size, 1], TABLE + 3 * count);
    table[COUNT] = count + 1;
    return start;
  }

  #growTo(end: number, size: number, purpose: string): void {
    const have = this.#buffer(0).byteLength;
    if (end <= have) return;
    const pages = Math.ceil((end - have) / PAGE);
    try {
      if (end > MAX_MEMORY_BYTES) throw new RangeError('beyond 32-bit addresses');
      this.memory.grow(pages);
    } catch (cause) {
      throw new ArenaFullError(
        `${purpose} needs ${size} bytes, which takes the shared memory from ${have} to ${end} bytes: more than it may grow to`,
        { cause },
      );
    }
  }

  #mergeFree(): void {
    const table = this.#table();
    let kept = 0;
    for (let i = 0; i < table[COUNT]!; i++) {
      const at = TABLE + 3 * i;
      const before = TABLE + 3 * (kept - 1);
      if (kept > 0 && table[at + 2] === 0 && table[before + 2] === 0) {
        table[before + 1] = table[before + 1]! + table[at + 1]!;
        continue;
      }
      table.copyWithin(TABLE + 3 * kept, at, at + 3);
      kept++;
    }
    table[COUNT] = kept;
  }

  #locked<T>(work: () => T): T {
    const lock = new Int32Array(this.#buffer(PAGE), 0, PAGE / 4);
    for (let waits = 0; Atomics.compareExchange(lock, LOCK, 0, 1) !== 0; waits++) {
      if (waits === MOST_WAITS)
        throw new Error('the memory stays locked: a thread died while it allocated in it');
      Atomics.wait(lock, LOCK, 1, 1);
    }
    try {
      return work();
    } finally {
      Atomics.store(lock, LOCK, 0);
      Atomics.notify(lock, LOCK, 1);
    }
  }
}
