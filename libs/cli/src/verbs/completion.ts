import { Argument, type Command } from 'commander';
import { commandShapes } from '../completion/command-shape.js';
import { completionScript, SHELLS, type Shell } from '../completion/completion-script.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';

const HOW = `
In ~/.bashrc:                  eval "$(onescan completion bash)"
In ~/.zshrc, after compinit:   eval "$(onescan completion zsh)"
In ~/.config/fish/config.fish: onescan completion fish | source`;

/** `onescan completion`: a script with which a shell completes verbs, flags and choices. */
export function addCompletionVerb(program: Command, act: Act): void {
  program
    .command('completion')
    .description('print a script that makes a shell complete verbs, flags and choices')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', HOW)
    .action(
      act(async ({ terminal }, _options: object, shell: Shell) => {
        await terminal.write(completionScript(shell, commandShapes(program)));
        return EXIT.ok;
      }),
    );
}
