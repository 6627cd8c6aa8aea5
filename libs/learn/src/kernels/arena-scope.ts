import type { Arena } from './arena.js';

/** Allocations of one piece of work, freed together when it ends, also when it throws. */
export class ArenaScope {
  readonly #addresses: number[] = [];

  constructor(readonly arena: Arena) {}

  allocate(bytes: number, purpose: string): number {
    const address = this.arena.allocate(bytes, purpose);
    this.#addresses.push(address);
    return address;
  }

  release(): void {
    for (const address of this.#addresses.splice(0)) this.arena.free(address);
  }
}
