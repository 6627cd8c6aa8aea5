// The thread that counts for busy-threads.mjs.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { workerData as counts, parentPort } from 'node:worker_threads';
import { ALONE, BUSY, SAMPLES, STOP } from './busy-threads.mjs';

const EVERY_MS = 4;
const main = String(process.pid);
const own = readlinkSync('/proc/thread-self').split('/').at(-1);
const others = new Set(readdirSync('/proc/self/task').filter((thread) => thread !== main));
others.add(own);
parentPort.postMessage('watching');

while (Atomics.wait(counts, STOP, 0, EVERY_MS) === 'timed-out') {
  const busy = readdirSync('/proc/self/task').filter((thread) => !others.has(thread) && isBusy(thread));
  if (busy.length === 0) continue;
  counts[SAMPLES]++;
  counts[BUSY] += busy.length;
  if (busy.length === 1 && busy[0] === main) counts[ALONE]++;
}

/** Runs, waits for a core (R), or for memory (D). */
function isBusy(thread) {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    return 'RD'.includes(stat.slice(stat.lastIndexOf(')') + 2)[0]);
  } catch {
    return false;
  }
}
