import type { Command, Option } from 'commander';

/** What may follow a command on the command line, as its definition says. */
export interface CommandShape {
  /** The words that lead to it, e.g. "cache ls"; empty for onescan itself. */
  readonly path: string;
  readonly verbs: readonly Word[];
  readonly flags: readonly FlagShape[];
  /** Values that its arguments may have, where these are given. */
  readonly argumentChoices: readonly string[];
}

export interface Word {
  readonly name: string;
  readonly description: string;
}

export interface FlagShape {
  /** "--limit", "-V". */
  readonly names: readonly string[];
  readonly description: string;
  /** What follows it: nothing, one of the choices, a file or folder, or a text of one's own. */
  readonly value: 'none' | 'choice' | 'path' | 'text';
  readonly choices: readonly string[];
}

/** The shapes of a program and of all its commands, parents first. */
export function commandShapes(program: Command): CommandShape[] {
  return shapesBelow(program, [], []);
}

function shapesBelow(
  command: Command,
  words: readonly string[],
  inherited: readonly FlagShape[],
): CommandShape[] {
  const help = command.createHelp();
  const flags = [...help.visibleOptions(command).map(flagShape), ...inherited];
  const verbs = help.visibleCommands(command);
  const shape: CommandShape = {
    path: words.join(' '),
    verbs: verbs.map((verb) => ({ name: verb.name(), description: help.subcommandDescription(verb) })),
    flags,
    argumentChoices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
  // Flags of onescan itself may stand anywhere; its --help and --version are its own.
  const passedOn = flags.filter(({ names }) => !names.includes('--help') && !names.includes('--version'));
  const known = command.commands.filter((verb) => verbs.includes(verb));
  return [shape, ...known.flatMap((verb) => shapesBelow(verb, [...words, verb.name()], passedOn))];
}

function flagShape(option: Option): FlagShape {
  const takesValue = option.required || option.optional;
  const isPath = /<(file|dir)>/.test(option.flags);
  const value = !takesValue ? 'none' : option.argChoices ? 'choice' : isPath ? 'path' : 'text';
  const names = [option.long, option.short].filter((name) => name !== undefined);
  return { names, description: option.description, value, choices: option.argChoices ?? [] };
}
