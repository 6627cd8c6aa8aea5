// 200 trainer processes on one coordinator: five runs of 28 pairs x 7 horizons, heartbeats and progress of all, and a network
// partition of half of them. The coordinator is the real process; fetcher and trainers are scripted and compute nothing.
// usage: node bench/scale/workers.mjs [--quick] [--trainers N] [--runs N] [--taskMs N] [--partitionMs N] [--perProcess N]
// --perProcess: trainers in a process, each with its own stream and connection, where the machine does not bear 200 processes.
// Exit code 1 when the coordinator takes a core or 1 GiB, or a lease is lost.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { PAIRS } from '@onescan/contract/pair.js';
import { startScriptedFetcher } from '@onescan/coordinator/testing/scripted-fetcher.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import { benchFlags } from '../learn/bench-flags.mjs';
import { startPartition } from './partition.mjs';

const COORDINATOR = fileURLToPath(new URL('../../services/coordinator/dist/main.js', import.meta.url));
const TRAINER = fileURLToPath(new URL('trainer-process.mjs', import.meta.url));
const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
const TICKS_PER_S = 100;
const MOST_CORES = 1;
const MOST_BYTES = 2 ** 30;
/** Started at a time, so that starting them does not starve those that are there. */
const START_BATCH = 10;

const flags = benchFlags({
  trainers: { usual: 200, quick: 20 },
  runs: { usual: 5, quick: 1 },
  taskMs: { usual: 20_000, quick: 2_000 },
  partitionMs: { usual: 6_000, quick: 3_000 },
  perProcess: { usual: 1 },
});
const { trainers, runs, taskMs, partitionMs, perProcess } = flags;
const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-workers-'));
const children = [];
const fetcher = await startScriptedFetcher();
const service = spawn(
  process.execPath,
  [
    ...[
      COORDINATOR,
      '--listen',
      '127.0.0.1:0',
      '--fetcher',
      fetcher.address,
      '--state',
      join(folder, 'state'),
    ],
    ...[
      '--max-workers',
      String(trainers),
      '--fetch-ahead',
      String(Math.ceil(trainers / HORIZONS.length) + 2),
    ],
    ...['--auto-approve-usd', '1000000', '--backup-hours', '0'],
  ],
  { stdio: ['ignore', 'pipe', 'pipe'] },
);
let log = '';
service.stderr.setEncoding('utf8').on('data', (text) => {
  log += text;
});

try {
  const { address } = await readAnnouncement(service.stdout);
  const partition = await startPartition(address);
  const client = createClient(CoordinatorServiceClient, address);
  const startMs = performance.now();
  const batch = START_BATCH * perProcess;
  for (let first = 0; first < trainers; first += batch) {
    const last = Math.min(trainers, first + batch);
    for (let i = first; i < last; i += perProcess) {
      // Every other process lies behind the partition.
      const own = (i / perProcess) % 2 === 0 ? address : partition.address;
      const ids = Array.from({ length: Math.min(perProcess, last - i) }, (_, k) => `trainer-${i + k}`);
      const args = [TRAINER, own, ids.join(','), String(taskMs)];
      children.push(spawn(process.execPath, args, { stdio: 'inherit' }));
    }
    await untilConnected(client, last);
  }
  const startSeconds = (performance.now() - startMs) / 1000;
  const rssOfTrainer = bytesOf(children[0].pid, 'VmRSS');

  const begun = performance.now();
  const cpuBefore = cpuSeconds(service.pid);
  const ids = [];
  for (let run = 0; run < runs; run++) ids.push(await startRun(client, run));
  const half = sleep(taskMs * 1.5).then(() => partition.cut(partitionMs));
  await Promise.all(ids.map((runId) => untilEnded(client, runId)));
  await half;
  const wall = (performance.now() - begun) / 1000;
  const cpu = cpuSeconds(service.pid) - cpuBefore;
  const bytes = bytesOf(service.pid, 'VmHWM');
  const ended = await Promise.all(
    ids.map(async (runId) => (await callUnary(client, client.getRun, { runId })).run),
  );
  const tasks = ended.flatMap((run) => run.tasks);
  const lost = tasks.filter(({ attempt }) => attempt > 1).length;
  const done = tasks.filter(({ trainerId }) => trainerId !== '').length;
  const used = new Set(tasks.map(({ trainerId }) => trainerId)).size;
  const ideal = (tasks.length / trainers) * (taskMs / 1000);
  client.close();
  partition.close();

  const cores = cpu / wall;
  console.log(
    `${trainers} trainers in ${children.length} processes (${mib(rssOfTrainer)} MiB each, started in ${startSeconds.toFixed(0)} s), ${used} of them used`,
  );
  console.log(
    `${runs} runs of ${PAIRS.length} x ${HORIZONS.length}: ${done} of ${tasks.length} tasks done in ${wall.toFixed(0)} s, ${ideal.toFixed(0)} s of it the tasks' own; ${(tasks.length / wall).toFixed(1)} results a second`,
  );
  console.log(
    `coordinator: ${cpu.toFixed(1)} CPU s = ${cores.toFixed(2)} cores, ${((cpu / tasks.length) * 1000).toFixed(0)} CPU ms a task, peak ${mib(bytes)} MiB`,
  );
  console.log(
    `partition of ${Math.floor(trainers / 2)} trainers for ${partitionMs / 1000} s (lease 10 s): ${lost} leases lost`,
  );
  for (const reason of log.match(
    /(the connection to )?trainer \S+ (fell silent|broke and it did not come back)/g,
  ) ?? [])
    console.log(`  ${reason}`);
  const isWithin = cores < MOST_CORES && bytes < MOST_BYTES && done === tasks.length && lost === 0;
  if (!isWithin) console.log('NOT within one core, 1 GiB and no lost lease');
  process.exitCode = isWithin ? 0 : 1;
} catch (thrown) {
  console.error(log.slice(-4_000));
  throw thrown;
} finally {
  for (const child of children) child.kill('SIGKILL');
  service.kill('SIGKILL');
  await fetcher.close();
  rmSync(folder, { recursive: true, force: true });
}

async function untilConnected(client, count) {
  for (;;) {
    // A machine that starts many processes answers late.
    const { trainers: all } = await callUnary(client, client.listTrainers, {}).catch(() => ({
      trainers: [],
    }));
    if (all.filter(({ connected }) => connected).length >= count) return;
    await sleep(200);
  }
}

/** Each run has a seed of its own: its results are not those of another. */
async function startRun(client, run) {
  const approvalMode = ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET;
  const terms = { approvalMode, maxWorkers: trainers, seed: BigInt(run + 1) };
  const spec = RunSpec.fromPartial({ pairs: [...PAIRS], horizons: HORIZONS, ...terms });
  return (await callUnary(client, client.startRun, { spec, rerunOf: '' })).runId;
}

/** Watches as a person would, to the end, and again where a late machine loses the connection. */
async function untilEnded(client, runId) {
  let last = 0n;
  for (;;) {
    try {
      for await (const { event } of callServerStream(client, client.watchRun, { runId, afterSequence: last }))
        last = event.sequence;
      return;
    } catch {
      await sleep(200);
    }
  }
}

/** User and system time of a process so far, in seconds. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** A size of a process in bytes: VmRSS now, VmHWM at its highest. */
function bytesOf(pid, name) {
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) * 1024;
}

function mib(bytes) {
  return Math.round(bytes / 2 ** 20);
}
