import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type FakeTerminal, fakeTerminal } from './fake-terminal.js';
import { type ScriptedCoordinator, scriptedCoordinator } from './scripted-coordinator.js';

/** A folder for each test of a file, and the coordinator that the test starts there. */
export class UsedCli {
  folder = '';
  coordinator: ScriptedCoordinator | undefined;

  readonly start = async (script?: Parameters<typeof scriptedCoordinator>[0]): Promise<void> => {
    this.coordinator = await scriptedCoordinator(script);
  };

  readonly terminal = (options: Parameters<typeof fakeTerminal>[0] = {}): FakeTerminal =>
    fakeTerminal({
      cwd: this.folder,
      env: { ONESCAN_COORDINATOR: this.coordinator?.address ?? '' },
      ...options,
    });
}

/** Makes the folder before each test; stops the coordinator and removes the folder after it. */
export function useCli(): UsedCli {
  const cli = new UsedCli();
  beforeEach(() => {
    cli.folder = mkdtempSync(join(tmpdir(), 'onescan-cli-'));
  });
  afterEach(async () => {
    await cli.coordinator?.stop();
    cli.coordinator = undefined;
    rmSync(cli.folder, { recursive: true });
  });
  return cli;
}
