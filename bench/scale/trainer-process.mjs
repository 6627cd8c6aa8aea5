// A process of scripted trainers, each with a stream of its own: registers, beats, tells progress, answers a task after a while.
// usage: node bench/scale/trainer-process.mjs ADDRESS ID[,ID...] TASK_MS
import { ScriptedTrainer } from '@onescan/coordinator/testing/scripted-trainer.js';

const PROGRESS_MS = 1_000;
/** Half a lease: a process that stands still for longer is told of, since its trainers may lose what they hold. */
const LONG_STALL_MS = 5_000;
const LOOK_MS = 250;
const [address, ids, taskMs] = process.argv.slice(2);

for (const id of ids.split(',')) new ScriptedTrainer(address, { id, act });

let lookedMs = performance.now();
setInterval(() => {
  const now = performance.now();
  const stalled = now - lookedMs - LOOK_MS;
  if (stalled > LONG_STALL_MS) {
    console.log(`  the process of ${ids.split(',')[0]} stood still for ${(stalled / 1_000).toFixed(1)} s`);
  }
  lookedMs = now;
}, LOOK_MS);

function act(assign, trainer) {
  const begun = performance.now();
  const tell = setInterval(() => {
    const fraction = Math.min(1, (performance.now() - begun) / Number(taskMs));
    trainer.send({ $case: 'progress', value: { task: assign.task, stage: 'select', fraction } });
  }, PROGRESS_MS);
  setTimeout(() => {
    clearInterval(tell);
    trainer.succeed(assign);
  }, Number(taskMs));
}
