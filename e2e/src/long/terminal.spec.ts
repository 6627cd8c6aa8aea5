import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPseudoTerminals, PseudoTerminal } from '@onescan/cli/testing/pseudo-terminal.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WAREHOUSE } from '../warehouse.js';

/** Of a build, whose statement under way must end; on a busy machine. */
const SOON_MS = 5_000;

let folder: string;
let terminal: PseudoTerminal | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-terminal-'));
});
afterEach(() => {
  terminal?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function open(...args: string[]): PseudoTerminal {
  terminal = new PseudoTerminal(args, { cwd: folder, columns: 110 });
  return terminal;
}

function servicePids(): number[] {
  const { services } = JSON.parse(readFileSync(join(folder, '.onescan', 'endpoint.json'), 'utf8')) as {
    services: Record<string, number>;
  };
  return Object.values(services);
}

describe.skipIf(!hasPseudoTerminals())('Ctrl-C on a real terminal', () => {
  it('stops a stack in order and leaves nothing', async () => {
    const screen = open('up', '--warehouse', WAREHOUSE, '--trainers', '1');
    await screen.until(/Ctrl-C stops everything/);
    const pids = servicePids();
    screen.pressCtrlC();
    expect(await screen.end()).toBe(130);
    expect(pids.filter(isProcessAlive)).toEqual([]);
    expect(existsSync(join(folder, '.onescan', 'endpoint.json'))).toBe(false);
  });

  it('twice does not wait for a stack to stop, and its services end all the same', async () => {
    const screen = open('up', '--warehouse', WAREHOUSE, '--trainers', '1');
    await screen.until(/Ctrl-C stops everything/);
    const pids = servicePids();
    // A service that does not react: stopping in order takes as long as its grace.
    process.kill(pids.at(-1)!, 'SIGSTOP');
    screen.pressCtrlC();
    await screen.until(/Stopping/);
    screen.pressCtrlC();
    const start = performance.now();
    expect(await screen.end()).toBe(130);
    expect(performance.now() - start).toBeLessThan(SOON_MS);
    process.kill(pids.at(-1)!, 'SIGCONT');
    await vi.waitUntil(() => !pids.some(isProcessAlive), { timeout: 30_000 });
  });

  it('ends the building of a warehouse soon and leaves nothing of it', async () => {
    const args = ['--simulate', '--simulated-bars', '300000', '--pairs', 'eurusd,usdjpy', '--out', 'w'];
    const screen = open('warehouse', 'build', ...args);
    await screen.until(/warehouse: \w+ \d+ of/);
    screen.pressCtrlC();
    const start = performance.now();
    expect(await screen.end()).toBe(130);
    expect(performance.now() - start).toBeLessThan(SOON_MS);
    expect(screen.text()).not.toMatch(/^warehouse: /m);
    const left = existsSync(join(folder, 'w')) ? readdirSync(join(folder, 'w')) : [];
    expect(left).toEqual([]);
  });
});
