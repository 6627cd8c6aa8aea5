// One scripted trainer as a process of its own: registers, beats, tells progress, and answers a task after a while.
// usage: node bench/scale/trainer-process.mjs ADDRESS ID TASK_MS
import { ScriptedTrainer } from '@onescan/coordinator/testing/scripted-trainer.js';

const PROGRESS_MS = 1_000;
const [address, id, taskMs] = process.argv.slice(2);

new ScriptedTrainer(address, {
  id,
  act: (assign, trainer) => {
    const begun = performance.now();
    const tell = setInterval(() => {
      const fraction = Math.min(1, (performance.now() - begun) / Number(taskMs));
      trainer.send({ $case: 'progress', value: { task: assign.task, stage: 'select', fraction } });
    }, PROGRESS_MS);
    setTimeout(() => {
      clearInterval(tell);
      trainer.succeed(assign);
    }, Number(taskMs));
  },
});
