import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { findAddress } from '../connection/connect.js';
import { securityOf } from '../connection/security.js';
import type { Act } from '../context.js';
import type { Check } from '../doctor/check.js';
import { checkEnvironment } from '../doctor/check-environment.js';
import { checkMachine } from '../doctor/check-machine.js';
import { checkService } from '../doctor/check-service.js';
import { EXIT } from '../exit-code.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';

/** Root folder of the checkout, from dist as well as from src. */
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

const COLUMNS: readonly TableColumn<Check>[] = [
  { title: 'check', text: (check) => check.name },
  { title: 'result', text: (check) => check.result },
  { title: 'found', text: (check) => check.found },
  { title: 'what to do', text: (check) => check.remedy },
];

/** `onescan doctor`: is this machine fit, and does the stack answer? Exits 5 when a check failed. */
export function addDoctorVerb(program: Command, act: Act): void {
  program
    .command('doctor')
    .description(
      'check packages, limits, folders, disk, memory, datasets, the clock, and whether the stack answers',
    )
    .action(
      act(async (invocation) => {
        const { terminal, global } = invocation;
        const home = resolve(terminal.cwd, global.home);
        const terms = { interrupt: terminal.interrupt, security: securityOf(invocation) };
        const checks = [
          ...(await checkEnvironment(ROOT, process.env)),
          ...(await checkMachine(home)),
          await checkService('coordinator', findAddress(invocation, 'coordinator'), terms),
          await checkService('fetcher', findAddress(invocation, 'fetcher'), terms),
        ];
        if (global.json) await writeJson(terminal, { checks });
        else await terminal.write(renderTable(COLUMNS, checks));
        return checks.some((check) => check.result === 'FAILED') ? EXIT.failed : EXIT.ok;
      }),
    );
}
