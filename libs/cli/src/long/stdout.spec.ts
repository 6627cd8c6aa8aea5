import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectFullDiskTold, hasFullDevice } from '../testing/full-disk.js';
import { type ScriptedCoordinator, scriptedCoordinator } from '../testing/scripted-coordinator.js';

let coordinator: ScriptedCoordinator;

beforeAll(async () => {
  coordinator = await scriptedCoordinator();
});
afterAll(() => coordinator.stop());

describe.skipIf(!hasFullDevice())('on a full disk', { concurrent: true }, () => {
  it.each(
    [
      ['--version'],
      ['completion', 'bash'],
      ['ls'],
      ['ls', '--json'],
      ['plan'],
      ['approve', 'r-1'],
      ['cancel', 'r-1'],
      ['results', 'r-1', '--json'],
      ['ledger', 'r-1'],
      ['report', 'r-1', '--out', '-'],
      ['trainers'],
      ['doctor'],
    ].map((args) => [args.join(' '), args] as const),
  )('"onescan %s" says so in one line and exits 5', async (_, args) => {
    await expectFullDiskTold(args, coordinator.address);
  });
});
