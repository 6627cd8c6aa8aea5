import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { PseudoTerminal } from './pseudo-terminal.js';
import { scriptedCoordinator } from './scripted-coordinator.js';

/** What a person takes for at once, on a busy machine. */
export const AT_ONCE_MS = 3_000;

/** `onescan ...args` on a terminal, whose coordinator never answers, ends at once by one Ctrl-C and says so. */
export async function expectInterrupted(args: readonly string[]): Promise<void> {
  const coordinator = await scriptedCoordinator({ stalls: true });
  const screen = new PseudoTerminal([...args, '--coordinator', coordinator.address]);
  try {
    const deadline = performance.now() + 20_000;
    while (coordinator.called === 0 && performance.now() < deadline) await sleep(20);
    screen.pressCtrlC();
    const start = performance.now();
    expect(await screen.end()).toBe(130);
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    expect(screen.text()).toMatch(/interrupted|without you/);
  } finally {
    screen.kill();
    await coordinator.stop();
  }
}
