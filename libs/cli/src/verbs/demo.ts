import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { resolveDatabaseFolder } from '@onescan/process/local-path.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import { startRun } from '../connection/start-run.js';
import { type Act, DEFAULT_HOME, type Invocation } from '../context.js';
import { demoWarehouse } from '../demo/demo-warehouse.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import { addRunOptions, type RunOptions, specFromOptions } from '../options/run-options.js';
import { describeEnd } from '../stack/describe-end.js';
import { DEFAULT_RESTARTS } from '../stack/restart-policy.js';
import { type RunningStack, startStack } from '../stack/stack.js';
import { DEFAULT_PAGE, withStackDefaults } from '../stack/stack-options.js';

/** The spec of the demo, from dist/verbs as well as from src/verbs. */
const DEMO_SPEC = fileURLToPath(new URL('../../src/demo/demo-run.yaml', import.meta.url));
/** Trainers of the demo, also on one core: it shows how work is shared. */
const TRAINERS = 2;

/** `onescan demo`: the whole way on a simulated warehouse, as `npm start` runs it. */
export function addDemoVerb(program: Command, act: Act): void {
  const command = program
    .command('demo')
    .description('run everything once on a simulated warehouse (npm start); takes the flags of run');
  command.addHelpText('after', ownDefaults);
  addRunOptions(command).action(
    act(async (invocation, options: RunOptions) => {
      const { terminal, global } = invocation;
      const home = resolveDatabaseFolder({ name: '--home', value: global.home, cwd: terminal.cwd });
      const spec = specFromOptions({ spec: DEMO_SPEC, ...options });
      const warehouse = await demoWarehouse(home, spec.pairs, terminal);
      const stackOptions = withStackDefaults({ warehouse, home, trainers: TRAINERS, page: DEFAULT_PAGE });
      const stack = await startStack(stackOptions, terminal.interrupt);
      try {
        terminal.note(
          `Stack: fetcher ${stack.fetcher}, coordinator ${stack.coordinator}, ${TRAINERS} trainers of at most ` +
            `${formatBytes(stackOptions.memoryLimitBytes)} each; logs in ${stack.logs}`,
        );
        terminal.note(`The live page: ${await stack.pageLink()}`);
        return await runOn(stack, invocation, spec);
      } finally {
        await stack.stop();
        if (!terminal.interrupt.aborted) sayHowToLookAround(invocation, warehouse);
      }
    }),
  );
}

/** The defaults that the flags tell are those of `run`; the spec of the demo comes before them. */
function ownDefaults(): string {
  return `\nThe demo has defaults of its own (libs/cli/src/demo/demo-run.yaml):\n${readFileSync(DEMO_SPEC, 'utf8')}`;
}

/** The stack of the demo is gone by now; another one on the same home folder knows its runs. */
function sayHowToLookAround({ terminal, global }: Invocation, warehouse: string): void {
  const home = global.home === DEFAULT_HOME ? '' : ` --home ${global.home}`;
  const folder = relative(terminal.cwd, warehouse) || '.';
  terminal.note(
    `To look around: npx onescan up --warehouse ${folder}${home} --detach, then npx onescan ls, show RUN, ` +
      'ledger RUN, rerun RUN; npx onescan down stops it.',
  );
}

/** Drives the run; a fetcher or coordinator that ends meanwhile ends the demo with its reason. */
async function runOn(
  stack: RunningStack,
  { terminal, global }: Invocation,
  spec: ReturnType<typeof specFromOptions>,
): Promise<ExitCode> {
  const invocation = { terminal, global: { ...global, coordinator: stack.coordinator } };
  const driven = withCoordinator(invocation, async (client) => {
    const runId = await startRun(client, { spec, rerunOf: '' });
    return driveRun(client, runId, invocation, { approval: 'within-budget', onInterrupt: 'cancel' });
  });
  return await Promise.race([driven, untilUseless(stack, terminal.note)]);
}

async function untilUseless(stack: RunningStack, note: (line: string) => void): Promise<ExitCode> {
  for (;;) {
    const end = await stack.nextEnd();
    for (const line of describeEnd(end, { limits: DEFAULT_RESTARTS, logs: stack.logs })) note(line);
    if (end.isOver) return EXIT.failed;
  }
}
