/**
 * Globs compiled for many texts: * stands for any characters, ? for one, letters' case counts. A text is matched against a glob from left to right without ever going back over
 * a star, so the time is at most the product of their lengths, whatever the glob.
 */
export class GlobSet {
  readonly #exact = new Set<string>();
  /** By the character that the text must begin with; those that may begin with any have the empty one. */
  readonly #byFirst = new Map<string, CompiledGlob[]>();

  constructor(globs: Iterable<string>) {
    for (const glob of new Set(globs)) {
      if (!/[*?]/.test(glob)) {
        this.#exact.add(glob);
        continue;
      }
      const first = /^[*?]/.test(glob) ? '' : glob[0]!;
      const before = this.#byFirst.get(first);
      if (before) before.push(new CompiledGlob(glob));
      else this.#byFirst.set(first, [new CompiledGlob(glob)]);
    }
  }

  /** True when any of the globs matches. */
  matches(text: string): boolean {
    if (this.#exact.has(text)) return true;
    const candidates = [this.#byFirst.get(''), text === '' ? undefined : this.#byFirst.get(text[0]!)];
    return candidates.some((globs) => globs?.some((glob) => glob.matches(text)) ?? false);
  }
}

/** The pieces of a glob between its stars. */
class CompiledGlob {
  readonly #pieces: readonly Piece[];
  readonly #minLength: number;

  constructor(glob: string) {
    this.#pieces = glob.split(/\*+/).map(pieceOf);
    this.#minLength = this.#pieces.reduce((sum, { text }) => sum + text.length, 0);
  }

  matches(text: string): boolean {
    if (text.length < this.#minLength) return false;
    const first = this.#pieces[0]!;
    const last = this.#pieces.at(-1)!;
    if (!isAt(first, text, 0)) return false;
    if (this.#pieces.length === 1) return text.length === first.text.length;
    const end = text.length - last.text.length;
    if (!isAt(last, text, end)) return false;
    let from = first.text.length;
    // The leftmost place of each piece leaves the most room for those after it.
    for (let i = 1; i < this.#pieces.length - 1; i++) {
      const piece = this.#pieces[i]!;
      const found = find(piece, text, from);
      if (found < 0) return false;
      from = found + piece.text.length;
    }
    return from <= end;
  }
}

/** Characters that follow each other, some of which may be any. */
interface Piece {
  readonly text: string;
  readonly hasAny: boolean;
}

function pieceOf(text: string): Piece {
  return { text, hasAny: text.includes('?') };
}

function isAt({ text: piece, hasAny }: Piece, text: string, start: number): boolean {
  if (!hasAny) return text.startsWith(piece, start);
  for (let i = 0; i < piece.length; i++) {
    if (piece[i] !== '?' && piece[i] !== text[start + i]) return false;
  }
  return start + piece.length <= text.length;
}

function find(piece: Piece, text: string, from: number): number {
  if (!piece.hasAny) return text.indexOf(piece.text, from);
  for (let start = from; start + piece.text.length <= text.length; start++) {
    if (isAt(piece, text, start)) return start;
  }
  return -1;
}
