import {
  type CoordinatorServiceClient,
  Run,
  RunEvent,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Invocation } from '../context.js';
import { EXIT, type ExitCode, exitCodeOfRun } from '../exit-code.js';
import { writeJsonLine } from '../output/write-json.js';
import { eventLine } from '../view/event-line.js';
import { nextLines } from '../view/next-lines.js';
import { planText } from '../view/plan-text.js';
import { type ProgressDisplay, progressDisplay } from '../view/progress-display.js';
import { runSummary } from '../view/run-summary.js';
import { awaitsApproval, emptyRunView, hasEnded, type RunView } from '../view/run-view.js';
import { verdictTable } from '../view/verdict-table.js';
import { type ApprovalBy, approveWaiting } from './approve-waiting.js';
import { followRun } from './follow-run.js';
import { getRun } from './get-run.js';

export interface DriveOptions {
  /** What to do when the run waits for approval. */
  approval: ApprovalBy;
  /** What to do with the run on Ctrl-C: it goes on in the coordinator, or is cancelled (default "go-on"). */
  onInterrupt?: 'go-on' | 'cancel';
}

/** How often the status is refreshed without any event, so a long step never looks like a hang. */
const TICK_MS = 1_000;

/**
 * Follows a run to its end: shows plan and progress, approves as told, prints verdicts and costs.
 *
 * @returns 0, 3 (awaiting approval), 4 (partial), 5 (failed or cancelled) or 6 (a verdict is suspect)
 */
export async function driveRun(
  client: CoordinatorServiceClient,
  runId: string,
  invocation: Invocation,
  options: DriveOptions,
): Promise<ExitCode> {
  const view = emptyRunView(runId);
  const display = invocation.global.json ? silentDisplay() : progressDisplay(invocation.terminal);
  try {
    const waits = (): boolean => options.approval !== 'wait' && awaitsApproval(view.state);
    for (let over = false; !over; ) {
      const follow = followRun(client, view, {
        signal: invocation.terminal.interrupt,
        until: waits,
        onEvent: (event) => showEvent(event, view, display, invocation),
        onChange: () => display.status(view),
      });
      await withStatus(follow, view, display);
      over = hasEnded(view.state) || !(await approveWaiting(client, view, invocation, options.approval));
    }
  } finally {
    if (invocation.terminal.interrupt.aborted) await leave(client, view, invocation, options);
  }
  return finish(client, view, invocation);
}

/** Shows the status for as long as `work` goes on, and no longer: what follows may be a question. */
async function withStatus(work: Promise<void>, view: RunView, display: ProgressDisplay): Promise<void> {
  const ticker = setInterval(() => display.status(view), TICK_MS);
  await work.finally(() => {
    clearInterval(ticker);
    display.close();
  });
}

async function showEvent(
  event: RunEvent,
  view: RunView,
  display: ProgressDisplay,
  { terminal, global }: Invocation,
): Promise<void> {
  if (global.json) return writeJsonLine(terminal, messageJson(RunEvent, event));
  if (event.event?.$case === 'plan') display.line(`\n${planText(event.event.value)}`);
  const line = eventLine(view, event);
  if (line !== undefined) display.line(line);
}

async function finish(
  client: CoordinatorServiceClient,
  view: RunView,
  { terminal, global }: Invocation,
): Promise<ExitCode> {
  const run = await getRun(client, view.runId);
  if (global.json) {
    await writeJsonLine(terminal, { run: messageJson(Run, run) });
  } else if (hasEnded(run.state)) {
    const table = run.tasks.length > 0 ? `\n${verdictTable(run)}` : '';
    await terminal.write(`${table}\n${runSummary(run)}`);
    for (const line of nextLines(run)) terminal.note(line);
  }
  return hasEnded(view.state) ? exitCodeOfRun(run) : EXIT.needsApproval;
}

/** Says, or decides, what becomes of a run whose watcher was interrupted. */
async function leave(
  client: CoordinatorServiceClient,
  { runId, state }: RunView,
  { terminal }: Invocation,
  options: DriveOptions,
): Promise<void> {
  if (hasEnded(state)) return;
  if (options.onInterrupt === 'cancel') {
    await callUnary(client, client.cancelRun, { runId, pair: '', reason: 'interrupted with Ctrl-C' });
    terminal.note(`Run ${runId} is cancelled; what it fetched stays cached.`);
  } else if (awaitsApproval(state)) {
    terminal.note(
      `Run ${runId} waits for approval. Approve it with: onescan approve ${runId} --watch, or end it with: onescan cancel ${runId}`,
    );
  } else {
    terminal.note(`Run ${runId} goes on without you: onescan watch ${runId}, or onescan cancel ${runId}.`);
  }
}

function silentDisplay(): ProgressDisplay {
  return { line: () => undefined, status: () => undefined, close: () => undefined };
}
