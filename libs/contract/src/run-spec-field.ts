import type { z } from 'zod';

/** How the text of a flag becomes the field's value; the command has a parser for each. */
export type FlagForm =
  | 'bytes'
  | 'dollars'
  | 'globs'
  | 'groups'
  | 'horizons'
  | 'pairs'
  | 'positive'
  | 'seed'
  | 'settings'
  | 'text'
  | 'whole'
  | 'word';

/** The flag of `onescan run` that sets a field. */
export interface SpecFlag {
  /** With what stands for its value, e.g. "--rows <n>". */
  readonly usage: string;
  readonly form: FlagForm;
  readonly help: string;
  /** The texts that are allowed, where they are few; the words of an enum are by themselves. */
  readonly choices?: readonly string[];
}

/** A field of the run spec: flag, help, documentation, default, bounds, spec file and task hash come from its row. */
export interface RunSpecField {
  /** The flag that sets it, with what stands for its value, and its help; or why there is none. */
  readonly flag: SpecFlag | { readonly none: string };
  /** What an unset field gets; undefined: it stays unset. */
  readonly default?: unknown;
  /** The default in words, where its value does not say it. */
  readonly unset?: string;
  /** Meaning, for documentation: one line of Markdown. */
  readonly doc: string;
  /** Its form in spec files. */
  readonly json: z.ZodType;
  /** For an enum: its values by the words of flags and files. */
  readonly words?: Readonly<Record<string, number>>;
  /**
   * What it is part of: which tasks there are (each is one pair and horizon), the content of datasets, the results of
   * tasks (whose hash has it), or only how the run is conducted: results of runs that differ in it are equal.
   */
  readonly decides: 'task' | 'dataset' | 'result' | 'conduct';
  /** @throws OnescanError INVALID_ARGUMENT naming the field */
  check?(value: never, field: string): void;
}
