import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { runCli } from '../run-cli.js';
import { sampleTrace } from '../testing/sample-trace.js';
import { useCli } from '../testing/use-cli.js';

const cli = useCli();

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  if (!cli.coordinator) await cli.start();
  const terminal = cli.terminal();
  const code = await runCli(argv, terminal);
  return { code, stdout: terminal.data(), stderr: terminal.notes.join('\n') };
}

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test('draws the tree of a run with times, and what failed', async () => {
  const { code, stdout } = await run('trace', 'r1');
  expect(code).toBe(0);
  const rows = stdout.split('\n').map((line) => line.trimEnd());
  const start = rows.findIndex((line) => line.startsWith('run'));
  expect(
    rows.slice(start, start + 6).map((line) => line.split(/ {2,}/).filter((cell) => cell !== '')),
  ).toEqual([
    ['run', 'coordinator', '0 ms', '1 min 40 s', '#'.repeat(30)],
    ['plan', 'coordinator', '0 ms', '1.2 s', `#${'.'.repeat(29)}`],
    ['train_pair eurusd', 'coordinator', '20.0 s', '1 min 20 s', `......${'#'.repeat(24)}`],
    [
      'horizon eurusd h15 trainer-1',
      'coordinator',
      '20.0 s',
      '20.0 s',
      `......######${'.'.repeat(18)}`,
      'failed: trainer-1 fell silent',
    ],
    ['select', 'trainer', '21.0 s', '9.0 s', `......###${'.'.repeat(21)}`],
    [
      'horizon eurusd h15 attempt 2 trainer-1',
      'coordinator',
      '40.0 s',
      '1 min 00 s',
      `............${'#'.repeat(18)}`,
    ],
  ]);
});

test('gives the document as it is, and into a file', async () => {
  expect(JSON.parse((await run('trace', 'r1', '--json')).stdout)).toEqual(sampleTrace());
  const { stdout } = await run('trace', 'r1', '--out', 'trace.json');
  expect(JSON.parse(readFileSync(stdout.trim(), 'utf8'))).toEqual(sampleTrace());
  expect(stdout.trim()).toBe(join(cli.folder, 'trace.json'));
});

test('sends it to a collector, and says why one does not take it', async () => {
  const got: { url?: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      got.push({ url: request.url!, body: Buffer.concat(chunks).toString() });
      response.writeHead(got.length === 1 ? 200 : 503).end('busy');
    });
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await run('trace', 'r1', '--send', url)).toMatchObject({ code: 0, stdout: `${url}/v1/traces\n` });
  expect(got[0]!.url).toBe('/v1/traces');
  expect(JSON.parse(got[0]!.body)).toEqual(sampleTrace());
  expect((await run('trace', 'r1', '--send', url)).stderr).toContain('answered 503: busy');
  expect((await run('trace', 'r1', '--send', 'http://127.0.0.1:9')).stderr).toMatch(/did not take the spans/);
  expect((await run('trace', 'r1', '--send', 'file:///etc/passwd')).stderr).toContain(
    'is no http or https URL',
  );
});
