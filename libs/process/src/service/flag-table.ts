import { parseArgs } from 'node:util';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type FlagKind, SWITCH } from './flag-kinds.js';

/** One flag of a service: a row of its table, which reading, help and documentation come from. */
export interface Flag<T = unknown> {
  readonly kind: FlagKind<T>;
  /** What it does, for help and documentation: one line of Markdown without a period at its end. */
  readonly doc: string;
  /** Name without dashes. Default: the key of its row in kebab case. */
  readonly flag?: string;
  readonly required?: true;
  /** Read like a text that is given. */
  readonly default?: string;
  /** What holds when it is neither given nor has a default, in words. */
  readonly unset?: string;
  /** May be given several times. */
  readonly many?: true;
}

/** All flags of a service by the name of the option that they set. */
export type FlagTable = Readonly<Record<string, Flag>>;

type AlwaysThere = { readonly required: true } | { readonly default: string } | { readonly many: true };
type ValueOf<F> = F extends { readonly kind: FlagKind<infer T> }
  ? F extends { readonly many: true }
    ? readonly T[]
    : T
  : never;

/** What a table's flags are read into. */
export type FlagValues<Table> = {
  readonly [K in keyof Table as Table[K] extends AlwaysThere ? K : never]: ValueOf<Table[K]>;
} & {
  readonly [K in keyof Table as Table[K] extends AlwaysThere ? never : K]?: ValueOf<Table[K]>;
};

const MAX_SHOWN = 200;

/** Name of a row's flag with its dashes: maxWorkers → "--max-workers". */
export function flagName(key: string, { flag }: Pick<Flag, 'flag'> = {}): string {
  return `--${flag ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What an error says that lies in the command line of a service. */
export function seeHelp(service: string): string {
  return `Run onescan serve ${service} --help for the flags`;
}

/**
 * Reads a command line by its table.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag: one that is unknown, missing, or whose value is not allowed
 */
export function readFlags<Table extends FlagTable>(
  service: string,
  table: Table,
  args: readonly string[],
): FlagValues<Table> {
  const given = parse(service, table, args);
  const values: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(table)) {
    const name = flagName(key, row);
    const texts = given[name.slice(2)] ?? (row.default === undefined ? [] : [row.default]);
    if (row.required && texts.at(-1) === undefined) {
      throw new OnescanError('INVALID_ARGUMENT', `${name} is missing`, { remedy: seeHelp(service) });
    }
    const read = texts.map((text) => readText(row, name, text));
    if (row.many) values[key] = read;
    else if (read.length > 0) values[key] = read.at(-1);
  }
  return values as FlagValues<Table>;
}

/**
 * Looks whether the values can be used on this machine.
 *
 * @throws OnescanError INVALID_ARGUMENT or FAILED_PRECONDITION naming the flag
 */
export function checkFlags<Table extends FlagTable>(table: Table, values: FlagValues<Table>): void {
  const byKey = values as Readonly<Record<string, unknown>>;
  for (const [key, row] of Object.entries<Flag>(table)) {
    if (byKey[key] !== undefined) row.kind.check?.(byKey[key], flagName(key, row));
  }
}

/** The error for a value that is not allowed. */
export function flagNotAllowed(flag: string, text: string, allowed: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${flag} "${text.slice(0, MAX_SHOWN)}" is not allowed`, {
    remedy: `Give ${allowed}`,
    details: { field: flag },
  });
}

function readText({ kind }: Flag, name: string, text: string): unknown {
  const value = kind.read(text, name);
  if (value === undefined) throw flagNotAllowed(name, text, kind.allowed);
  return value;
}

/** The texts that stand behind each flag, in their order. */
function parse(service: string, table: FlagTable, args: readonly string[]): Record<string, string[]> {
  const options = Object.fromEntries(
    Object.entries(table).map(([key, row]) => [
      flagName(key, row).slice(2),
      { type: row.kind === SWITCH ? 'boolean' : 'string', multiple: true } as const,
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options });
    return Object.fromEntries(
      Object.entries(values).map(([name, texts]) => [name, (texts as unknown[]).map(String)]),
    );
  } catch (thrown) {
    throw new OnescanError('INVALID_ARGUMENT', thrown instanceof Error ? thrown.message : String(thrown), {
      remedy: seeHelp(service),
    });
  }
}
