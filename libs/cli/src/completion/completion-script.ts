import type { CommandShape, FlagShape } from './command-shape.js';
import { caseTables } from './shell-words.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that makes a shell complete `onescan`: verbs, flags, and the values of flags that have a fixed choice. */
export function completionScript(shell: Shell, shapes: readonly CommandShape[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](shapes);
}

/** What bash and zsh share: the tables, and the walk from the words before the cursor to the command they name. */
function walk(shapes: readonly CommandShape[]): string {
  const tables = caseTables(shapes);
  return `_onescan_is_verb() {
  case "$1" in
${tables.verbs}
  esac
  return 1
}

_onescan_flag() {
  kind='' values=''
  case "$1" in
${tables.values}
  esac
}

_onescan_words() {
  words='' flags=''
  case "$1" in
${tables.words}
  esac
}

# Sets \`at\` to the command that the words name and \`kind\` to what the last of them wants after it.
_onescan_walk() {
  local word skip=''
  at='' kind='' values=''
  for word in "$@"; do
    if [ -n "$skip" ]; then skip='' kind='' values=''; continue; fi
    case "$word" in
      -*=*) ;;
      -*) _onescan_flag "$at $word"; skip="$kind" ;;
      *) if _onescan_is_verb "$at $word"; then at="\${at:+$at }$word"; fi ;;
    esac
  done
  if [ -z "$skip" ]; then kind='' values=''; fi
}
`;
}

function bashScript(shapes: readonly CommandShape[]): string {
  return `# bash completion for onescan: eval "$(onescan completion bash)"
${walk(shapes)}
_onescan() {
  local at kind values words flags cur="\${COMP_WORDS[COMP_CWORD]}" i before=()
  # bash takes the = of --flag=value for a word of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [ "\${COMP_WORDS[i]}" != '=' ]; then before+=("\${COMP_WORDS[i]}"); fi
  done
  if [ "$cur" = '=' ]; then cur=''; fi
  COMPREPLY=()
  _onescan_walk "\${before[@]}"
  _onescan_words "$at"
  case "$kind" in
    choice) _onescan_offer -W "$values" ;;
    path) compopt -o filenames 2>/dev/null; _onescan_offer -f ;;
    text) ;;
    *)
      case "$cur" in
        -*) _onescan_offer -W "$flags" ;;
        *) _onescan_offer -W "$words" ;;
      esac
      ;;
  esac
}

_onescan_offer() {
  local word
  while IFS='' read -r word; do COMPREPLY+=("$word"); done < <(compgen "$@" -- "$cur")
}
complete -F _onescan onescan
`;
}

function zshScript(shapes: readonly CommandShape[]): string {
  return `#compdef onescan
# zsh completion for onescan: eval "$(onescan completion zsh)"
${walk(shapes)}
_onescan() {
  emulate -L zsh
  local at kind values flags cur="\${words[CURRENT]}"
  local -a before=("\${(@)words[2,CURRENT-1]}")
  local words
  case "$cur" in
    --*=*) before+=("\${cur%%=*}"); compset -P '*=' ;;
  esac
  _onescan_walk "\${before[@]}"
  _onescan_words "$at"
  case "$kind" in
    choice) compadd -- \${(z)values} ;;
    path) _files ;;
    text) ;;
    *)
      case "$cur" in
        -*) compadd -- \${(z)flags} ;;
        *) if [ -n "$words" ]; then compadd -- \${(z)words}; fi ;;
      esac
      ;;
  esac
}
compdef _onescan onescan
`;
}

function fishScript(shapes: readonly CommandShape[]): string {
  const { verbs, values } = fishTables(shapes);
  return `# fish completion for onescan: onescan completion fish | source
function __onescan_at
  set -l at ''
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1
      set skip 0
    else if string match -q -- '-*' $word
      if contains -- "$at $word" ${values}
        set skip 1
      end
    else if contains -- "$at $word" ${verbs}
      set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
complete -c onescan -f
${shapes.flatMap(fishLines).join('\n')}
`;
}

function fishTables(shapes: readonly CommandShape[]): { verbs: string; values: string } {
  const verbs = shapes.flatMap(({ path, verbs }) => verbs.map(({ name }) => `${path} ${name}`));
  const values = shapes.flatMap(({ path, flags }) =>
    flags
      .filter(({ value }) => value !== 'none')
      .flatMap(({ names }) => names.map((name) => `${path} ${name}`)),
  );
  return { verbs: verbs.map(fishQuote).join(' '), values: values.map(fishQuote).join(' ') };
}

function fishLines({ path, verbs, flags, argumentChoices }: CommandShape): string[] {
  const begin = `complete -c onescan -n ${fishQuote(`__onescan_at ${fishQuote(path)}`)}`;
  return [
    ...verbs.map(({ name, description }) => `${begin} -a ${fishQuote(name)} -d ${fishQuote(description)}`),
    ...argumentChoices.map((choice) => `${begin} -a ${fishQuote(choice)}`),
    ...flags.map((flag) => `${begin} ${fishFlag(flag)}`),
  ];
}

function fishFlag({ names, value, choices, description }: FlagShape): string {
  const words = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const after = {
    none: [],
    text: ['-x'],
    path: ['-r', '-F'],
    choice: ['-x', '-a', fishQuote(choices.join(' '))],
  };
  return [...words, ...after[value], '-d', fishQuote(description)].join(' ');
}

/** A text in fish's single quotes, in which only these two are special. */
function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
