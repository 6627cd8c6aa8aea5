import { OnescanError } from '@onescan/shared/onescan-error.js';

/** A flag of the command line that takes a value. */
export interface Flag {
  /** What stands for the value in the help, e.g. "DIR". */
  readonly argument: string;
  /** Lines of help. */
  readonly help: readonly string[];
  readonly default?: string;
  /** May be given more than once. */
  readonly multiple?: true;
}

/** Flags by their names, without the dashes. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** Values as they were given, defaults filled in. */
export interface FlagValues {
  /** Undefined when it was not given and has no default. */
  text(flag: string): string | undefined;
  all(flag: string): readonly string[];
}

const HELP_COLUMN = 27;

/** What an error says that lies in the command line. */
export const HELP = 'Run node services/fetcher/dist/main.js --help for the flags';

/** The help of flags, in the order of the table. */
export function flagHelp(table: FlagTable): string {
  return Object.entries(table)
    .map(([name, { argument, help }]) => {
      const flag = `  --${name} ${argument}`;
      const fits = flag.length < HELP_COLUMN;
      const lines = fits ? [flag.padEnd(HELP_COLUMN) + help[0], ...help.slice(1)] : [flag, ...help];
      return lines.map((line, i) => (i === 0 ? line : ' '.repeat(HELP_COLUMN) + line)).join('\n');
    })
    .join('\n');
}

/** What a wrong value is told with. */
export function wrongFlag(flag: string, value: string, allowed: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `--${flag}: "${value}" is not ${allowed}`, { remedy: HELP });
}

/** @throws OnescanError INVALID_ARGUMENT naming the flag */
export function numberIn(flag: string, text: string, [low, high]: readonly [number, number]): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= low && value <= high)) throw wrongFlag(flag, text, `a number from ${low} to ${high}`);
  return value;
}

/** @throws OnescanError INVALID_ARGUMENT naming the flag */
export function wholeNumberIn(flag: string, text: string, range: readonly [number, number]): number {
  const value = numberIn(flag, text, range);
  if (!Number.isInteger(value)) throw wrongFlag(flag, text, 'a whole number');
  return value;
}
