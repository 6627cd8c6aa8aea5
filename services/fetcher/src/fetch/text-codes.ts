import { MAX_ORDINAL_TEXTS } from '@onescan/dataset/judge-columns.js';

/**
 * Codes of the texts that come after the allowed ones begin there and are hashes: they tell many texts from few, and
 * a float32 holds them.
 */
const HASHED_CODES = 2 ** 20;

/** FNV-1a (Fowler, Noll, Vo) over 16-bit units. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Gives the texts of a column codes 0, 1, ... in the order of their arrival, up to the allowed number. */
export class TextCodes {
  readonly #codes = new Map<string, number>();
  #tooMany = false;

  /** True when the column has more distinct texts than can be encoded; others have hashes for codes from then on. */
  get tooMany(): boolean {
    return this.#tooMany;
  }

  /** Texts by code. */
  get texts(): string[] {
    return [...this.#codes.keys()];
  }

  /** Code of a text, always the same; NaN for a missing one. */
  encode(text: string | null): number {
    if (text === null) return Number.NaN;
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    if (this.#codes.size === MAX_ORDINAL_TEXTS) {
      this.#tooMany = true;
      return MAX_ORDINAL_TEXTS + (hash(text) % HASHED_CODES);
    }
    this.#codes.set(text, this.#codes.size);
    return this.#codes.size - 1;
  }
}

function hash(text: string): number {
  let value = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), FNV_PRIME) >>> 0;
  return value;
}
