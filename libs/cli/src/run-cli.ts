import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type Command, CommanderError } from 'commander';
import type { Act, GlobalOptions } from './context.js';
import { EXIT, type ExitCode, exitCodeOfError } from './exit-code.js';
import { createProgram } from './program.js';
import type { Terminal } from './terminal/terminal.js';

/**
 * Runs one command line (without node and script) to its end; everything it prints goes through
 * `terminal`. Never throws: the exit code tells.
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const writes: Promise<void>[] = [];
  const act: Act =
    (verb) =>
    async (...parameters) => {
      const command = parameters.at(-1) as Command;
      const options = parameters.at(-2) as Parameters<typeof verb>[1];
      const args = parameters.slice(0, -2) as unknown as Parameters<typeof verb> extends [
        unknown,
        unknown,
        ...infer A,
      ]
        ? A
        : never;
      const global = command.optsWithGlobals<GlobalOptions>();
      code = await (verb as (...all: unknown[]) => Promise<ExitCode>)({ terminal, global }, options, ...args);
    };
  const program = await createProgram(act, argv[0]);
  applyToAll(program, (command) => {
    command.exitOverride().configureOutput({
      writeOut: (text) => void writes.push(terminal.write(text)),
      writeErr: (text) => terminal.note(text.trimEnd()),
    });
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    await Promise.all(writes);
    return code;
  } catch (thrown) {
    const isAnswered = thrown instanceof CommanderError;
    const failed = isAnswered ? await failureOf(Promise.all(writes)) : thrown;
    if (failed === undefined) return isAnswered && thrown.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    return reportError(OnescanError.from(failed), terminal, argv);
  }
}

/** What a promise is rejected with; undefined when it is fulfilled. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

function applyToAll(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const child of command.commands) applyToAll(child, change);
}

/**
 * Says what is wrong and what to do, further lines indented, since a peer may have written them; with --json as a JSON
 * line; the stack only with --verbose.
 */
function reportError(error: OnescanError, terminal: Terminal, argv: readonly string[]): ExitCode {
  if (terminal.interrupt.aborted) {
    terminal.note('onescan: interrupted');
    return EXIT.interrupted;
  }
  const { code, message, remedy, details } = error;
  if (argv.includes('--json')) terminal.note(JSON.stringify({ error: { code, message, remedy, details } }));
  else terminal.note(`onescan: ${error.text.replaceAll('\n', '\n  ')}`);
  if (argv.includes('--verbose')) {
    const cause = error.cause instanceof Error ? error.cause : error;
    terminal.note(`${code}\n${cause.stack ?? cause.message}`);
  }
  return exitCodeOfError(error);
}
