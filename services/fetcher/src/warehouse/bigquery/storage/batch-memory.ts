const DOUBLE_BYTES = 8;

/**
 * Memory for the values of one record batch after another: a fetch of gigabytes would otherwise leave as much
 * for the garbage collector.
 */
export class BatchMemory {
  readonly #blocks = new Map<string, ArrayBuffer>();

  /** Doubles of a name, whatever they hold; those of the same name before are overwritten. */
  doubles(name: string, count: number): Float64Array {
    return new Float64Array(this.#block(name, count * DOUBLE_BYTES), 0, count);
  }

  /** A copy of the first bytes: typed arrays need their alignment. */
  copy(name: string, bytes: Uint8Array, length: number): ArrayBuffer {
    const block = this.#block(name, length);
    new Uint8Array(block).set(bytes.subarray(0, length));
    return block;
  }

  /** At least so many bytes. */
  #block(name: string, length: number): ArrayBuffer {
    const known = this.#blocks.get(name);
    if (known && known.byteLength >= length) return known;
    // Half as much again: batches differ in size.
    const block = new ArrayBuffer(Math.ceil((1.5 * length) / DOUBLE_BYTES) * DOUBLE_BYTES);
    this.#blocks.set(name, block);
    return block;
  }
}
