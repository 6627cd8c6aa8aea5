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

describe.each(
  verbs(
    createProgram(() => async () => undefined),
    '',
  ),
)('%s', (path, command) => {
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
  const demo = createProgram(() => async () => undefined).commands.find((each) => each.name() === 'demo')!;
  expect(helpOf(demo)).toMatch(/rows: 6000\npreset: quick\n(.*\n)*budgetUsd: 1/);
});
