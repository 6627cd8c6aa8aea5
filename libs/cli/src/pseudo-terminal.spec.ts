import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { AT_ONCE_MS, expectInterrupted } from './testing/expect-interrupted.js';
import { hasPseudoTerminals, PseudoTerminal } from './testing/pseudo-terminal.js';
import { type ScriptedCoordinator, scriptedCoordinator } from './testing/scripted-coordinator.js';

/** Longer than the status takes to be drawn again. */
const SOME_STATUS_MS = 2_300;

const coordinators: ScriptedCoordinator[] = [];
const terminals: PseudoTerminal[] = [];

afterAll(async () => {
  for (const terminal of terminals) terminal.kill();
  await Promise.all(coordinators.map((coordinator) => coordinator.stop()));
});

/** `onescan ...` on a terminal of its own, with a coordinator of its own. */
async function onescan(
  script: Parameters<typeof scriptedCoordinator>[0],
  args: readonly string[],
  options?: ConstructorParameters<typeof PseudoTerminal>[1],
): Promise<{ screen: PseudoTerminal; coordinator: ScriptedCoordinator }> {
  const coordinator = await scriptedCoordinator(script);
  coordinators.push(coordinator);
  const screen = new PseudoTerminal([...args, '--coordinator', coordinator.address], options);
  terminals.push(screen);
  return { screen, coordinator };
}

describe.skipIf(!hasPseudoTerminals())('on a real terminal', { timeout: 60_000, concurrent: true }, () => {
  it('the question stays where a person sees it, and is answered', async () => {
    const { screen, coordinator } = await onescan({}, ['run']);
    await screen.until(/Approve/);
    await sleep(SOME_STATUS_MS);
    expect(screen.lines().at(-1)).toBe('Approve $0.012 of $50.00? [y/N] ');
    screen.type('y\r');
    expect(await screen.end()).toBe(0);
    expect(coordinator.approvals).toHaveLength(1);
    expect(screen.text()).toContain('Run r-1: completed');
    expect(screen.text()).not.toContain('unspecified');
    expect(screen.output).not.toContain('unspecified');
  });

  it('Ctrl-C at the question says that the run waits, how to go on, and exits 130', async () => {
    const { screen, coordinator } = await onescan({}, ['run'], { columns: 120 });
    await screen.until(/Approve/);
    screen.pressCtrlC();
    expect(await screen.end()).toBe(130);
    const text = screen.text();
    expect(text).toContain('Run r-1 waits for approval');
    expect(text).toContain('onescan approve r-1');
    expect(text).toContain('onescan cancel r-1');
    expect(text).not.toContain('was cancelled');
    expect(coordinator.cancels).toEqual([]);
  });

  it('the end of the input is no approval', async () => {
    const { screen, coordinator } = await onescan({}, ['run']);
    await screen.until(/Approve/);
    screen.type('\u0004');
    expect(await screen.end()).toBe(3);
    expect(coordinator.approvals).toEqual([]);
    expect(screen.text().replaceAll('\n', '')).toContain('onescan approve r-1');
  });

  it('news of a fetch that come after its end are not shown', async () => {
    const { screen } = await onescan({ neverEnds: true, lateProgress: true }, ['run', '--yes']);
    await screen.until(/h15: done/);
    await sleep(SOME_STATUS_MS);
    expect(screen.text()).toMatch(/running, \d/);
    expect(screen.text()).not.toContain('verify');
    screen.pressCtrlC();
    expect(await screen.end()).toBe(130);
    expect(screen.text()).toContain('Run r-1 goes on without you');
    expect(screen.text()).not.toMatch(/running, \d/);
  });

  it('the status is drawn in place at any width, also while that changes', async () => {
    const { screen } = await onescan({ neverEnds: true }, ['run', '--yes'], { columns: 40, rows: 12 });
    await screen.until(/running, \d/);
    for (const [columns, rows] of [
      [24, 10],
      [100, 30],
      [15, 8],
      [60, 20],
    ] as const) {
      await screen.resize(columns, rows);
      await sleep(1_200);
      expect(screen.lines().filter((line) => /^running, /.test(line))).toHaveLength(1);
    }
    screen.pressCtrlC();
    expect(await screen.end()).toBe(130);
    expect(screen.text()).toContain('h15: done');
    expect(screen.text()).not.toMatch(/^running, \d/m);
    // Nothing hides the cursor, or uses another screen, that could be left so.
    expect(screen.output).not.toContain('\u001b[?');
  });

  it.each<[string, Record<string, string>]>([
    ['TERM=dumb', { TERM: 'dumb' }],
    ['CI=true', { CI: 'true' }],
  ])('%s: no escape codes', async (_, env) => {
    const { screen } = await onescan({}, ['run', '--yes'], { env });
    expect(await screen.end()).toBe(0);
    expect(screen.text()).toContain('Run r-1: completed');
    expect(screen.output).not.toContain('\u001b');
  });

  it('TERM=dumb: asks without escape codes; CI=true: asks nobody', async () => {
    const { screen: dumb } = await onescan({}, ['run'], { env: { TERM: 'dumb' } });
    await dumb.until(/\[y\/N\]/);
    dumb.type('y\n');
    expect(await dumb.end()).toBe(0);
    expect(dumb.output).not.toContain('\u001b');
    const { screen: ci } = await onescan({}, ['run'], { env: { CI: 'true' } });
    expect(await ci.end()).toBe(3);
    expect(ci.text()).not.toContain('[y/N]');
  });

  it('NO_COLOR: no colours', async () => {
    const { screen } = await onescan({}, ['run', '--yes'], { env: { NO_COLOR: '1' } });
    expect(await screen.end()).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what is looked for
    expect(screen.output).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it.each(
    [['ls'], ['run'], ['watch', 'r-1'], ['ledger', 'r-1', '--csv']].map(
      (args) => [args.join(' '), args] as const,
    ),
  )('one Ctrl-C ends "%s" at once when no answer comes', (_, args) => expectInterrupted(args));

  it('one Ctrl-C ends a verb whose coordinator cannot be reached', async () => {
    // Takes connections and says nothing.
    const mute = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const connected = once(mute, 'connection');
    const screen = new PseudoTerminal([
      'ls',
      '--coordinator',
      `127.0.0.1:${(mute.address() as AddressInfo).port}`,
    ]);
    terminals.push(screen);
    await connected;
    screen.pressCtrlC();
    const start = performance.now();
    expect(await screen.end()).toBe(130);
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    mute.close();
  });
});
