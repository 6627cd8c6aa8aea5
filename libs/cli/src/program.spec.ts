import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from './program.js';

const PAGE = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

function verbs(command: Command, path: string): [string, Command][] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  if (children.length === 0) return [[path, command]];
  return children.flatMap((child) => verbs(child, `${path} ${child.name()}`.trim()));
}

/** All that `--help` prints, with what is added after it. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

const PROGRAM = await createProgram(() => async () => undefined);

describe.each(verbs(PROGRAM, ''))('%s', (path, command) => {
  it('stands in docs/cli.md', () => {
    const table = PAGE.slice(0, PAGE.indexOf('\n## '));
    expect(table).toMatch(new RegExp(`^\\|[^|]*\`${path}[ \`]`, 'm'));
  });

  it('tells in its help of the flags that every verb takes', () => {
    const help = helpOf(command);
    for (const flag of ['--home', '--json', '--coordinator', '--verbose']) expect(help).toContain(flag);
  });
});

it('the help of the demo tells its own defaults', () => {
  const demo = PROGRAM.commands.find((each) => each.name() === 'demo')!;
  expect(helpOf(demo)).toMatch(/rows: 6000\npreset: quick\n(.*\n)*budgetUsd: 1/);
});

it('the verb that is named is loaded alone, and is the same', async () => {
  for (const verb of PROGRAM.commands.filter(
    (child) => !['help', 'restore', 'completion'].includes(child.name()),
  )) {
    const alone = await createProgram(() => async () => undefined, verb.name());
    expect(alone.commands.length, verb.name()).toBeLessThan(3);
    expect(helpOf(alone.commands.find((child) => child.name() === verb.name())!)).toBe(helpOf(verb));
  }
  const names = PROGRAM.commands.map((child) => child.name());
  for (const first of [undefined, 'restore', 'completion', 'help', 'unheard', '--home'])
    expect(
      (await createProgram(() => async () => undefined, first)).commands.map((child) => child.name()),
    ).toEqual(names);
});
