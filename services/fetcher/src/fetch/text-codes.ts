import { MAX_ORDINAL_TEXTS } from '@onescan/shared/dataset/judge-columns.js';

/** Gives the texts of a column codes 0, 1, ... in the order of their arrival, up to the allowed number. */
export class TextCodes {
  readonly #codes = new Map<string, number>();
  #tooMany = false;

  /** True when the column has more distinct texts than can be encoded; codes are NaN from then on. */
  get tooMany(): boolean {
    return this.#tooMany;
  }

  /** Texts by code. */
  get texts(): string[] {
    return [...this.#codes.keys()];
  }

  /** Code of a text; NaN for a missing one. */
  encode(text: string | null): number {
    if (text === null || this.#tooMany) return Number.NaN;
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    if (this.#codes.size === MAX_ORDINAL_TEXTS) {
      this.#tooMany = true;
      return Number.NaN;
    }
    this.#codes.set(text, this.#codes.size);
    return this.#codes.size - 1;
  }
}
