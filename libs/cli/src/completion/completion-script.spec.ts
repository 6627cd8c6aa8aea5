import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../program.js';
import { commandShapes } from './command-shape.js';
import { completionScript, SHELLS, type Shell } from './completion-script.js';

const PROGRAM = await createProgram(() => async () => undefined);
const SHAPES = commandShapes(PROGRAM);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-completion-'));
  for (const shell of SHELLS)
    writeFileSync(join(folder, `onescan.${shell}`), completionScript(shell, SHAPES));
  writeFileSync(join(folder, 'spec.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function has(shell: Shell): boolean {
  if (spawnSync(shell, ['--version']).status === 0) return true;
  console.warn(`no ${shell}: its completion is not tested here`);
  return false;
}

/** What bash offers when Tab is pressed after this line. */
function bashOffers(line: string): string[] {
  const script = `source onescan.bash
line=$1
read -ra COMP_WORDS <<< "\${line//=/ = }"
[[ $line == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
_onescan
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return lines(
    execFileSync('bash', ['--norc', '-c', script, 'bash', line], { cwd: folder, encoding: 'utf8' }),
  );
}

function fishOffers(line: string): string[] {
  const script = 'source onescan.fish; complete -C $argv[1]';
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder };
  const output = execFileSync('fish', ['--no-config', '-c', script, line], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  return lines(output).map((each) => each.split('\t')[0]!);
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

function child(command: Command, name: string): Command {
  return command.commands.find((each) => each.name() === name)!;
}

function longFlags(command: Command): string[] {
  return command.options.map(({ long }) => long!);
}

const VERBS = PROGRAM.commands.map((command) => command.name());

const CASES: readonly [string, (offered: string[]) => void][] = [
  ['onescan ', (offered) => expect(offered).toEqual(expect.arrayContaining(VERBS))],
  ['onescan re', (offered) => expect(offered).toEqual(VERBS.filter((verb) => verb.startsWith('re')).sort())],
  ['onescan cache ', (offered) => expect(offered).toEqual(expect.arrayContaining(['evict', 'ls', 'verify']))],
  [
    'onescan cache evict --',
    (offered) => expect(offered).toEqual(expect.arrayContaining(['--force', '--json', '--home'])),
  ],
  [
    'onescan run --',
    (offered) =>
      expect(offered).toEqual(expect.arrayContaining([...longFlags(child(PROGRAM, 'run')), '--json'])),
  ],
  [
    'onescan run --preset ',
    (offered) => expect(offered).toEqual(expect.arrayContaining(['quick', 'standard'])),
  ],
  ['onescan run --preset q', (offered) => expect(offered).toEqual(['quick'])],
  ['onescan run --preset quick --pol', (offered) => expect(offered).toEqual(['--policy'])],
  ['onescan --home spec run --strategy ', (offered) => expect(offered).toEqual(['days', 'hash'])],
  ['onescan ledger RUN --status ', (offered) => expect(offered).toEqual(['excluded', 'pruned', 'retained'])],
  ['onescan warehouse build --universe s', (offered) => expect(offered).toEqual(['small', 'standard'])],
  ['onescan run --spec sp', (offered) => expect(offered).toEqual(['spec.yaml'])],
  ['onescan completion ', (offered) => expect(offered).toEqual(expect.arrayContaining([...SHELLS]))],
  ['onescan ls --limit ', (offered) => expect(offered).toEqual([])],
];

describe.skipIf(!has('bash'))('bash', () => {
  it.each([
    ...CASES,
    ['onescan run --preset=q', (offered) => expect(offered).toEqual(['quick'])] as (typeof CASES)[number],
  ])('completes "%s"', (line, check) => check(bashOffers(line)));
});

describe.skipIf(!has('fish'))('fish', () => {
  it.each(CASES.filter(([line]) => !line.includes('--limit')))('completes "%s"', (line, check) =>
    check(fishOffers(line)),
  );
});

describe.skipIf(!has('zsh'))('zsh', () => {
  it('takes the script', () => {
    const script =
      'compdef() { print -- "$@"; }; source onescan.zsh; _onescan_walk run --preset; print -- "$at $kind $values"';
    const printed = execFileSync('zsh', ['-f', '-c', script], { cwd: folder, encoding: 'utf8' });
    expect(printed).toMatch(/^_onescan onescan\nrun choice .*quick/);
  });
});

it('knows every verb and flag of the command, and nothing else', () => {
  const commands = (command: Command): Command[] => [command, ...command.commands.flatMap(commands)];
  expect(SHAPES.filter(({ path }) => !/(^| )help$/.test(path))).toHaveLength(commands(PROGRAM).length);
  const run = SHAPES.find(({ path }) => path === 'run')!;
  expect(run.flags.find(({ names }) => names.includes('--pairs'))?.value).toBe('text');
  expect(run.flags.find(({ names }) => names.includes('--yes'))?.value).toBe('none');
  expect(run.flags.find(({ names }) => names.includes('--home'))?.value).toBe('path');
});
