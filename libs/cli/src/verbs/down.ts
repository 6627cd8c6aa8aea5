import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { Command } from 'commander';
import { isAlive, readEndpoint } from '../connection/endpoint-file.js';
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
        const endpoint = readEndpoint(resolve(terminal.cwd, global.home));
        if (!endpoint) throw new OnescanError('NOT_FOUND', `no stack is running in ${global.home}`);
        process.kill(endpoint.pid, 'SIGTERM');
        const deadline = performance.now() + STOP_MS;
        while (isAlive(endpoint.pid)) {
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
