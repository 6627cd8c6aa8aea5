import { sha256Hex } from '@onescan/shared/canonical-json.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { ATTRIBUTE, SPAN } from '@onescan/shared/telemetry/attributes.js';
import { withSpan } from '@onescan/shared/telemetry/tracing.js';
import type { Core } from '../core.js';
import { endOf, type RunRecord, type RunSnapshot } from '../model/run-record.js';
import { isPilotPhase, isScopeEnded, tasksOf } from '../model/run-scope.js';
import { reportRun } from '../report/report-run.js';
import { pilotReport } from '../runs/pilot-report.js';
import { runProgress } from '../runs/run-progress.js';
import { isTaskEnded } from '../states/task-state.js';
import { findProblems } from './find-problems.js';

/** Ends pilots and runs. */
export class RunEnding {
  readonly #core: Core;
  readonly #finishing = new Set<string>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Ends what is over: pair spans, the pilot, the run. Called under the lock. */
  async check(snapshot: RunSnapshot): Promise<void> {
    const { run } = snapshot;
    for (const { pair } of snapshot.pairs.values()) {
      if (tasksOf(snapshot, pair).every((task) => isTaskEnded(task.state))) {
        this.#core.traces.endPair(run.runId, pair);
      }
    }
    if (!isScopeEnded(snapshot)) return;
    if (isPilotPhase(snapshot)) await this.#endPilot(snapshot);
    else this.#finish(run.runId);
  }

  async #endPilot(snapshot: RunSnapshot): Promise<void> {
    const { runId } = snapshot.run;
    const note = pilotReport(snapshot, {
      workersConnected: this.#core.registry.connected().length,
      fetchesAtOnce: this.#core.options.fetchAhead,
    })!.text;
    const { pilotPair } = snapshot.run.spec;
    const failed = tasksOf(snapshot, pilotPair).filter((task) => task.state !== 'DONE');
    const problems = failed.map((task) => `pilot ${task.pair} h${task.horizon}: ${task.error || task.state}`);
    await this.#core.book.change(runId, (change) => {
      change.note(note);
      change.setRun({ state: 'AWAITING_PILOT_APPROVAL', problems });
    });
    this.#core.log.info({ runId, note }, 'the pilot pair is done');
  }

  /** Writes report and end outside the lock; a run is finished once, whatever happens meanwhile. */
  #finish(runId: string): void {
    if (this.#finishing.has(runId)) return;
    this.#finishing.add(runId);
    this.#core.background(`finish ${runId}`, async () => {
      try {
        await this.#record(runId);
      } finally {
        this.#finishing.delete(runId);
      }
    });
  }

  async #record(runId: string): Promise<void> {
    const { book, traces, progress, log } = this.#core;
    const snapshot = book.activeRun(runId);
    if (!snapshot) return;
    const ended = await withSpan(
      SPAN.record,
      { parent: traces.context(runId), attributes: { [ATTRIBUTE.runId]: runId } },
      () => this.#conclude(snapshot),
    );
    await this.#core.exclusive(async () => {
      const current = book.activeRun(runId);
      if (current?.run.state !== 'RUNNING' || !isScopeEnded(current)) return;
      const after = await book.change(runId, (change) => {
        change.event({ $case: 'progress', value: runProgress(current) });
        change.setRun(ended);
      });
      progress.dropRun(runId);
      log.info(
        { runId, state: ended.state, problems: ended.problems.length, report: ended.reportPath },
        'run ended',
      );
      endTrace(this.#core, after);
    });
  }

  /** How the run ends; the report is written with it. */
  async #conclude(snapshot: RunSnapshot): Promise<ConcludedRun> {
    const { store } = this.#core.book;
    const { runId } = snapshot.run;
    // Without room for the end there is none: it is tried again, and nothing is called unfinished meanwhile.
    await store.requireRoom();
    const counts = await store.countLedger(runId);
    const problems = findProblems(snapshot, counts);
    const done = [...snapshot.tasks.values()].filter((task) => task.state === 'DONE').length;
    const hashes = await store.readDocumentHashes(runId);
    const inOrder = [...snapshot.tasks.keys()].flatMap((key) => hashes.get(key) ?? []);
    const concluded: ConcludedRun = {
      state: problems.length === 0 ? 'COMPLETED' : done > 0 ? 'PARTIAL' : 'FAILED',
      problems,
      endedMs: endOf(snapshot.run, this.#core.clock()),
      ledgerRows: counts.reduce((sum, count) => sum + count.rows, 0),
      resultsSha256: sha256Hex(inOrder.join('\n')),
      reportPath: '',
    };
    return this.#report(snapshot, concluded);
  }

  async #report(snapshot: RunSnapshot, concluded: ConcludedRun): Promise<ConcludedRun> {
    try {
      const after = { ...snapshot, run: { ...snapshot.run, ...concluded } };
      const reportPath = await reportRun(this.#core, after);
      return { ...concluded, reportPath };
    } catch (thrown) {
      const problem = `the report could not be written: ${OnescanError.from(thrown).text}`;
      this.#core.log.error({ err: thrown, runId: snapshot.run.runId }, problem);
      const state = concluded.state === 'COMPLETED' ? 'PARTIAL' : concluded.state;
      return { ...concluded, state, problems: [...concluded.problems, problem] };
    }
  }
}

type ConcludedRun = Pick<
  RunRecord,
  'state' | 'problems' | 'endedMs' | 'ledgerRows' | 'resultsSha256' | 'reportPath'
>;

/** Ends a run's spans with its totals. */
export function endTrace(core: Core, { run, pairs }: RunSnapshot): void {
  const billed = [...pairs.values()];
  core.traces.end(run.runId, {
    attributes: {
      [ATTRIBUTE.statements]: billed.reduce((sum, pair) => sum + pair.statementsRun, 0),
      [ATTRIBUTE.bytesBilled]: Number(billed.reduce((sum, pair) => sum + pair.bytesBilled, 0n)),
      [ATTRIBUTE.usd]: billed.reduce((sum, pair) => sum + pair.usd, 0),
      [ATTRIBUTE.workers]: run.workersUsed,
    },
    ...(run.state === 'COMPLETED' ? {} : { problem: run.problems[0] ?? run.state }),
  });
}
