import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { expect, it } from 'vitest';
import { onescan } from './command.js';
import { commandStackForEach, lastDocument, RUN } from './command-stack.js';

/** fetcher, coordinator and two trainers */
const SERVICES = 4;

const stack = commandStackForEach();

it('one command starts the stack, the next ones run, look, verify and stop it', async () => {
  expect(stack.services.filter(isProcessAlive)).toHaveLength(SERVICES);
  const waiting = await onescan(stack.folder, ...RUN, '--json');
  expect(waiting.code).toBe(3);
  expect(lastDocument(waiting).run.state).toBe('RUN_STATE_AWAITING_APPROVAL');
  const runId = lastDocument(waiting).run.runId;

  const approved = await onescan(stack.folder, 'approve', runId, '--watch', '--json', '--as', 'the chief');
  expect(approved).toMatchObject({ code: 0 });
  // Who approves is whom the coordinator knows to have called, not who it says it is.
  expect(approved.stdout).toContain(`"approvedBy":"${userInfo().username}, as \\"the chief\\""`);
  const { ledgerRows } = lastDocument(approved).run;
  const ledger = await onescan(stack.folder, 'ledger', runId, '--csv');
  expect(ledger.stdout.trimEnd().split('\n')).toHaveLength(Number(ledgerRows) + 1);
  expect((await onescan(stack.folder, 'results', runId)).stdout).toMatch(/^usdjpy +15 +\S/m);
  expect((await onescan(stack.folder, 'report', runId, '--out', 'report.html')).code).toBe(0);
  expect(readFileSync(join(stack.folder, 'report.html'), 'utf8')).toContain('usdjpy');
  expect((await onescan(stack.folder, 'cache', 'verify')).code).toBe(0);
  // Whatever the umask of who typed the command, here the usual one.
  const open = readdirSync(join(stack.folder, '.onescan'), { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).mode & 0o077 && !lstatSync(path).isSymbolicLink());
  expect(open).toEqual([]);

  expect((await onescan(stack.folder, 'down')).code).toBe(0);
  expect([stack.supervisor, ...stack.services].filter(isProcessAlive)).toEqual([]);
});
