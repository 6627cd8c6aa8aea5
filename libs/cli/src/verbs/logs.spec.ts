import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { useCli } from '../testing/use-cli.js';

const cli = useCli();
const NOW = Date.parse('2026-11-30T08:00:00Z');

let folder: string;
beforeEach(() => {
  folder = join(cli.folder, '.onescan', 'logs');
  mkdirSync(folder, { recursive: true });
  for (const name of ['coordinator', 'trainer-1', 'trainer-2']) log(name, 3);
});

/** A log of so many lines, as services write them. */
function log(name: string, lines: number): void {
  const texts = Array.from({ length: lines }, (_, i) =>
    JSON.stringify({
      level: i === 2 ? 50 : 30,
      time: NOW + i,
      pid: 1,
      hostname: 'h',
      name,
      run: `r-${i}`,
      msg: `line ${i}`,
    }),
  );
  writeFileSync(join(folder, `${name}.log`), `${texts.join('\n')}\n`);
}

async function logs(...args: string[]): Promise<string> {
  const terminal = cli.terminal();
  expect(await runCli(['logs', ...args], terminal)).toBe(0);
  return terminal.data();
}

it('says who logged what when, of all services or of some, the last lines of each', async () => {
  expect((await logs()).trimEnd().split('\n')).toHaveLength(9);
  expect(await logs('coordinator', '-n', '1')).toBe(
    '2026-11-30T08:00:00.002Z ERROR coordinator: line 2 run=r-2\n',
  );
  expect((await logs('trainer', '-n', '2')).match(/trainer-[12]/g)).toEqual([
    'trainer-1',
    'trainer-1',
    'trainer-2',
    'trainer-2',
  ]);
  expect(JSON.parse((await logs('coordinator', '-n', '1', '--json')).trim())).toMatchObject({
    msg: 'line 2',
  });
});

it('shows what is no JSON as it is, and nothing that steers a terminal', async () => {
  writeFileSync(join(folder, 'fetcher.log'), 'plain \u001b[2J words\n{"level":30,"time":1e99,"msg":5}\n');
  const said = await logs('fetcher');
  expect(said).toContain('fetcher: plain ');
  expect(said).not.toContain('\u001b');
});

it('goes on with what comes, also after a log was rotated, until it is interrupted', async () => {
  const terminal = cli.terminal();
  const following = runCli(['logs', 'coordinator', '-f', '-n', '1'], terminal);
  const path = join(folder, 'coordinator.log');
  await expect.poll(() => terminal.data()).toContain('line 2');
  appendFileSync(path, '{"level":30,"time":1,"msg":"half');
  appendFileSync(path, ' of it"}\n');
  await expect.poll(() => terminal.data()).toContain('half of it');
  truncateSync(path);
  appendFileSync(path, '{"level":30,"time":2,"msg":"new"}\n');
  await expect.poll(() => terminal.data()).toContain('new');
  terminal.pressCtrlC();
  expect(await following).toBe(0);
});

it('names the logs that there are when there is none of a service', async () => {
  const terminal = cli.terminal();
  expect(await runCli(['logs', 'nobody'], terminal)).toBe(2);
  expect(terminal.notes.join('\n')).toContain('There are: coordinator trainer-1 trainer-2');
});
