import { beforeEach, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { useCli } from '../testing/use-cli.js';

const { start, terminal } = useCli();

beforeEach(() => start());

it('page prints the link alone, for a shell that opens it', async () => {
  const fake = terminal();
  expect(await runCli(['page'], fake)).toBe(0);
  expect(fake.data()).toBe('http://127.0.0.1:7480/#ticket=a-ticket\n');
});

it('page --json says how long the link is good for', async () => {
  const fake = terminal();
  expect(await runCli(['page', '--json'], fake)).toBe(0);
  expect(JSON.parse(fake.data())).toEqual({
    url: 'http://127.0.0.1:7480/#ticket=a-ticket',
    expiresAt: '2026-11-30T12:10:00.000Z',
  });
});
