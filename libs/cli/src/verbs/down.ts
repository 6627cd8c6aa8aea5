import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { processStart } from '@onescan/process/process-start.js';
import type { Command } from 'commander';
import { type Endpoint, isRunning, requireEndpoint } from '../connection/endpoint-file.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';

/** The launcher needs at most the graces of trainers, coordinator and fetcher in turn. */
const STOP_MS = 45_000;
const POLL_MS = 100;

/** `onescan down`: stops the stack of this home folder, in order, and waits until it is gone. */
export function addDownVerb(program: Command, act: Act): void {
  program
    .command('down')
    .description('stop the local stack')
    .action(
      act(async ({ terminal, global }) => {
        const endpoint = requireEndpoint(resolve(terminal.cwd, global.home), global.home, 'NOT_FOUND');
        requireKnown(endpoint);
        process.kill(endpoint.pid, 'SIGTERM');
        const deadline = performance.now() + STOP_MS;
        while (isRunning(endpoint)) {
          if (performance.now() > deadline) {
            throw new OnescanError('DEADLINE_EXCEEDED', `process ${endpoint.pid} has not stopped`);
          }
          await sleep(POLL_MS, undefined, { signal: terminal.interrupt });
        }
        if (global.json) await writeJson(terminal, { stopped: endpoint.pid });
        else await terminal.write('stopped\n');
        return EXIT.ok;
      }),
    );
}

/** @throws OnescanError FAILED_PRECONDITION when the file does not tell the process that it means from a stranger */
function requireKnown({ pid, processStart: started }: Endpoint): void {
  if (started !== undefined || processStart(process.pid) === undefined) return;
  throw new OnescanError('FAILED_PRECONDITION', `endpoint.json does not say when process ${pid} started`, {
    remedy: `Another version of Onescan wrote it. If process ${pid} is its onescan up, stop it with: kill ${pid}`,
  });
}
