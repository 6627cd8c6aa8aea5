import { quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { buildTestWarehouse, WAREHOUSE } from '../warehouse.js';
import { chaos } from './chaos.js';
import { followRun } from './follow-run.js';
import { type MeasuredFault, measureFault } from './measure-fault.js';
import { fingerprint } from './run-fingerprint.js';
import { TcpProxy } from './tcp-proxy.js';

/**
 * `node e2e/dist/faults/print-figures.js`: injects each fault into real processes with the default lease of
 * 10 s, and prints the table of docs/reliability.md. Takes some minutes.
 */
const rows: string[] = [];

await buildTestWarehouse();
await measureAll();
const spec = quickSpec({ horizons: [15, 30, 45, 60, 75, 90, 105], sample: { rows: 2000, seed: 77 } });
const { kills, run, disturbed, undisturbed, statements, bytesBilled, seconds } = await chaos({
  seed: 1,
  spec,
  trainers: 3,
  pauseMs: [300, 1500],
  kills: 15,
});
const missing = run.tasks.length - Object.keys(disturbed.documents).length;
const same = JSON.stringify(disturbed) === JSON.stringify(undisturbed) ? 'same bytes' : 'DIFFERENT BYTES';
const mix = ['trainer', 'coordinator', 'fetcher'].map(
  (victim) => `${kills.filter((kill) => kill === victim).length} ${victim}`,
);
process.stdout.write(`| fault | noticed after | worked on again after | tasks lost | results |
|---|---|---|---|---|
${rows.join('\n')}
| ${kills.length} kills at random: ${mix.join(', ')} | | run ${seconds.disturbed.toFixed(0)} s instead of ${seconds.undisturbed.toFixed(0)} s, ${statements} statements for ${run.pairs.length} pairs, the same bill: ${bytesBilled.disturbed === bytesBilled.undisturbed} | ${missing} | ${same} |
`);

async function measureAll(): Promise<void> {
  const stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 2 });
  try {
    const first = await startRun(stack, quickSpec({ pairs: ['eurusd'], sample: { rows: 2000 } }));
    await followRun(stack, first);
    const expected = await fingerprint(stack, first);
    const measure = async (
      name: string,
      inject: (trainerId: string) => Promise<void> | void,
    ): Promise<void> => {
      print(await measureFault(stack, { name, rerunOf: first, expected, inject }));
    };
    const process_ = (id: string) => stack.trainers.find((_, i) => id === `trainer-${i + 1}`)!;
    await measure('trainer: kill -9', (id) => {
      process_(id).kill('SIGKILL');
      stack.addTrainer();
    });
    await measure('trainer: frozen (SIGSTOP)', (id) => {
      process_(id).kill('SIGSTOP');
      setTimeout(() => process_(id).kill('SIGCONT'), 20_000).unref();
    });
    await measure('coordinator: kill -9, started again at once', () => stack.restartCoordinator());
    await partition(stack, measure);
  } finally {
    await stack.stop();
  }
}

/** All trainers but one behind a proxy are stopped, so that it is the one that gets the task. */
async function partition(
  stack: Stack,
  measure: (name: string, inject: () => void) => Promise<void>,
): Promise<void> {
  const proxy = await TcpProxy.start(stack.coordinatorAddress);
  try {
    for (const trainer of stack.trainers) {
      trainer.kill('SIGCONT');
      trainer.kill('SIGTERM');
      await trainer.exited;
    }
    stack.addTrainer({ through: proxy.address });
    await stack.untilConnected(1);
    await measure('trainer: cut off without FIN', () => {
      proxy.cut();
      stack.addTrainer();
    });
  } finally {
    proxy.close();
  }
}

function print({ name, noticedSeconds, recoveredSeconds, lost, same: equal }: MeasuredFault): void {
  const noticed = noticedSeconds === undefined ? '' : `${noticedSeconds.toFixed(1)} s`;
  const recovered = `${recoveredSeconds.toFixed(1)} s`;
  rows.push(
    `| ${name} | ${noticed} | ${recovered} | ${lost} | ${equal ? 'same bytes' : 'DIFFERENT BYTES'} |`,
  );
}
