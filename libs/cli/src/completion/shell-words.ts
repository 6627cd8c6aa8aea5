import type { CommandShape, FlagShape } from './command-shape.js';

/** A text as one word of a shell, whatever it holds. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The tables that the functions for bash and zsh look in, as the branches of `case` statements. */
export interface CaseTables {
  /** By "path word": succeeds when the word is a verb there. */
  readonly verbs: string;
  /** By "path flag": sets `kind` to path, choice or text where the flag takes a value, and `values` to its choices. */
  readonly values: string;
  /** By path: sets `words` to what may stand there, `flags` to the flags. */
  readonly words: string;
}

export function caseTables(shapes: readonly CommandShape[]): CaseTables {
  return {
    verbs: lines(
      shapes
        .flatMap((shape) => shape.verbs.map((verb) => key(shape, verb.name)))
        .map((each) => `${each}) return 0 ;;`),
    ),
    values: lines(shapes.flatMap((shape) => shape.flags.flatMap((flag) => valueBranch(shape, flag)))),
    words: lines(
      shapes.map((shape) => {
        const words = [...shape.verbs.map((verb) => verb.name), ...shape.argumentChoices].join(' ');
        const flags = shape.flags.flatMap((flag) => flag.names).join(' ');
        return `${quote(shape.path)}) words=${quote(words)} flags=${quote(flags)} ;;`;
      }),
    ),
  };
}

function valueBranch(shape: CommandShape, flag: FlagShape): string[] {
  if (flag.value === 'none') return [];
  const pattern = flag.names.map((name) => key(shape, name)).join('|');
  return [`${pattern}) kind=${flag.value} values=${quote(flag.choices.join(' '))} ;;`];
}

function key(shape: CommandShape, word: string): string {
  return quote(`${shape.path} ${word}`);
}

function lines(branches: readonly string[]): string {
  return branches.map((branch) => `    ${branch}`).join('\n');
}
