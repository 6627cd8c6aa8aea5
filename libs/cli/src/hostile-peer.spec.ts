import { spawn } from 'node:child_process';
import {
  CoordinatorServiceService,
  PairState,
  type RunEvent,
  RunState,
  TaskState,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { LedgerRow } from '@onescan/contract/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPseudoTerminals, PseudoTerminal } from './testing/pseudo-terminal.js';
import { sampleDataset, samplePlan, sampleRun, sampleTask } from './testing/sample-run.js';

/** Sets title and clipboard, clears the screen, moves up, turns text around, and goes on like a line of ours. */
const HOSTILE =
  '\u001b]0;owned\u0007\u001b]52;c;cm0gLXJmIH4K\u0007\u001b[2J\u001b[1A\u009b31m\u007f\u202egnp.exe\u2066\u200f\u061c\ufeff\u2028\r\nRun fake: completed';
/** Said after each command. */
const END = 'that was all';
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const NEVER = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
/** Up, to the start of the line, clear what is below; and ends of lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const OURS = /\u001b\[(?:\d+A|0J)|\r/g;

let server: RunningServer;

beforeAll(async () => {
  server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => {
      grpc.addService(CoordinatorServiceService, coordinator() as never);
      grpc.addService(FetcherServiceService, fetcher() as never);
    },
    healthNames: ['onescan.v1.CoordinatorService'],
  });
});
afterAll(() => server.shutdown(0));

/** A message in which every text goes on with what is hostile. */
function hostile<T>(value: T): T {
  if (typeof value === 'string') return `${value}${HOSTILE}` as T;
  if (Array.isArray(value)) return value.map(hostile) as T;
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const kept = (key: string): boolean => key === '$case';
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, kept(key) ? each : hostile(each)]),
  ) as T;
}

function coordinator(): object {
  const awaiting = (): object =>
    hostile(sampleRun({ state: RunState.RUN_STATE_AWAITING_APPROVAL, problems: ['p'] }));
  return {
    planRun: unary(async () => ({ plan: hostile(samplePlan()), spec: undefined })),
    startRun: unary(async () => ({ runId: `r-1${HOSTILE}` })),
    approveRun: unary(async () => ({ run: awaiting() })),
    getRun: unary(async ({ runId }: { runId: string }) => {
      if (runId === 'unknown') throw hostileError();
      return { run: hostile(sampleRun({ problems: ['p'], approvedBy: 'me', rerunOf: 'r-0' })) };
    }),
    listRuns: unary(async () => ({ runs: [hostile(sampleRun())], nextPageToken: '', totalSize: 1 })),
    cancelRun: unary(async () => ({ run: awaiting() })),
    listTrainers: unary(async () => ({
      trainers: [hostile({ trainerId: 't', connected: true, rssBytes: 1n, peakRssBytes: 1n, memoryLimitBytes: 1n, workingOn: 'w' })],
      maxWorkers: 8,
    })), // biome-ignore format: one line
    getLedger: serverStream(async function* () {
      yield {
        rows: [
          hostile(LedgerRow.fromPartial({ runId: 'r-1', pair: 'eurusd', featureId: '=cmd', reason: 'r' })),
        ],
      };
    }),
    getResults: serverStream(async function* () {
      const document = Buffer.from(JSON.stringify({ name: `${HOSTILE}`, [HOSTILE]: 1 }));
      yield { pair: `eurusd${HOSTILE}`, horizon: 15, document, documentSha256: 'ff' };
    }),
    getReport: serverStream(async function* () {
      for (const byte of Buffer.from(`<p>${HOSTILE}</p>`)) yield { chunk: Buffer.from([byte]) };
    }),
    backUpState: unary(async () => ({ path: `p${HOSTILE}`, time: undefined, bytes: 1n })),
    watchRun: serverStream(async function* () {
      for (const [i, event] of events().entries()) {
        yield { event: { runId: 'r-1', sequence: BigInt(i + 1), time: undefined, event } };
      }
    }),
  };
}

function events(): RunEvent['event'][] {
  const failed = sampleTask({ state: TaskState.TASK_STATE_FAILED, error: 'e' });
  const pair = { ...sampleRun().pairs[0]!, state: PairState.PAIR_STATE_FAILED, error: 'e' };
  const leased = sampleTask({
    horizon: 30,
    state: TaskState.TASK_STATE_LEASED,
    stage: 'select',
    fraction: 0.4,
  });
  return hostile([
    { $case: 'plan', value: samplePlan() },
    { $case: 'runState', value: { state: RunState.RUN_STATE_RUNNING, problems: ['p'] } },
    { $case: 'note', value: 'note' },
    { $case: 'pair', value: pair },
    { $case: 'fetchProgress', value: { pair: 'usdjpy', progress: { stage: 's', done: 1n, total: 2n, rssBytes: 0n } } },
    { $case: 'task', value: leased },
    { $case: 'task', value: failed },
    { $case: 'runState', value: { state: RunState.RUN_STATE_FAILED, problems: ['p'] } },
  ] as RunEvent['event'][]); // biome-ignore format: a table
}

function fetcher(): object {
  return {
    listDatasets: unary(async () => ({
      datasets: [hostile(sampleDataset())],
      unreadable: [hostile({ path: '/x', reason: 'r' })],
    })),
    verifyDataset: unary(async () => ({ ok: false, problems: [`p${HOSTILE}`] })),
    deleteDataset: unary(async () => {
      throw hostileError();
    }),
  };
}

function hostileError(): OnescanError {
  return new OnescanError('NOT_FOUND', `not here${HOSTILE}`, { remedy: HOSTILE, details: { a: HOSTILE } });
}

/** Runs commands one after the other in one process, whose stdout and stderr say after each that it is over. */
const CODE = `
import { runCli } from '${new URL('../dist/run-cli.js', import.meta.url).href}';
import { processTerminal } from '${new URL('../dist/terminal/process-terminal.js', import.meta.url).href}';
const terminal = processTerminal();
for (const args of JSON.parse(process.argv[1])) {
  await runCli(args, terminal);
  await terminal.write('${END}\\n');
  terminal.note('${END}');
}`;

/** What each command said on stdout and stderr. */
async function onescan(commands: readonly (readonly string[])[]): Promise<{ out: string; err: string }[]> {
  const all = commands.map((args) => [...args, '--coordinator', server.address, '--fetcher', server.address]);
  const child = spawn(process.execPath, ['--input-type=module', '-e', CODE, '--', JSON.stringify(all)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const [outs, errs] = [said.out.split(`${END}\n`), said.err.split(`${END}\n`)];
  expect([outs.length, errs.length]).toEqual([all.length + 1, all.length + 1]);
  return all.map((_, i) => ({ out: outs[i]!, err: errs[i]! }));
}

it('what a hostile peer sends is text, on lines that are ours', { timeout: 60_000 }, async () => {
  const commands = [
    ['ls'],
    ['show', 'r-1'],
    ['show', 'unknown'],
    ['show', 'unknown', '--json'],
    ['plan'],
    ['run', '--yes'],
    ['watch', 'r-1'],
    ['approve', 'r-1', '--yes'],
    ['cancel', 'r-1'],
    ['results', 'r-1'],
    ['ledger', 'r-1'],
    ['trainers'],
    ['backup'],
    ['cache', 'ls'],
    ['cache', 'verify'],
    ['cache', 'evict', 'd1d1d1d1d1'],
    ['doctor'],
    ['show', `r-1${HOSTILE}`],
  ];
  for (const [i, { out, err }] of (await onescan(commands)).entries()) {
    const what = commands[i]!.join(' ');
    expect(out + err, what).not.toMatch(NEVER);
    expect(`${out}\n${err}`, what).not.toMatch(/^Run fake/m);
    expect(out + err, what).not.toBe('');
  }
});

it('JSON and CSV are the same documents, with escapes', { timeout: 60_000 }, async () => {
  const documents = [['ls'], ['show', 'r-1'], ['cache', 'ls']];
  const streams = [
    ['results', 'r-1'],
    ['ledger', 'r-1'],
    ['watch', 'r-1'],
  ];
  const commands = [...documents, ...streams].map((args) => [...args, '--json']);
  const csv = ['ledger', 'r-1', '--csv'];
  const said = await onescan([...commands, ['show', 'unknown', '--verbose'], csv, [...csv, '--raw']]);
  for (const [i, { out }] of said.slice(0, commands.length).entries()) {
    expect(out).not.toMatch(NEVER);
    const lines = i < documents.length ? [out] : out.trim().split('\n');
    const parsed = lines.map((line) => JSON.parse(line) as unknown);
    expect(JSON.stringify(parsed)).toContain(JSON.stringify(HOSTILE).slice(1, -1));
  }
  const [verbose, safe, raw] = said.slice(-3);
  expect(verbose!.err).not.toMatch(NEVER);
  expect(safe!.out).not.toMatch(NEVER);
  expect(safe!.out).toContain(`"'=cmd\\u001b]0;owned`);
  expect(raw!.out).toContain(`"=cmd${HOSTILE}"`);
});

describe.skipIf(!hasPseudoTerminals())('on a real terminal', { timeout: 60_000, concurrent: true }, () => {
  it.each([
    [['watch', 'r-1'], /Problem: p/],
    [['report', 'r-1', '--out', '-'], /<\/p>/],
    [['ledger', 'r-1', '--csv', '--raw'], /=cmd[\s\S]*completed/],
  ] as const)('%s: only our own codes arrive', async (args, end) => {
    const screen = new PseudoTerminal([...args, '--coordinator', server.address]);
    try {
      await screen.until(end);
      const others = screen.output.replaceAll(OURS, '');
      expect(others).not.toMatch(NEVER);
    } finally {
      screen.kill();
    }
  });
});
