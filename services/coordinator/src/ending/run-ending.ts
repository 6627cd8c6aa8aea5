import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Logger } from '@onescan/process/log.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { withSpan } from '@onescan/process/telemetry/tracing.js';
import { endOf, type RunRecord, type RunSnapshot, type TaskRecord, taskKey } from '../model/run-record.js';
import { isPilotPhase, isScopeEnded, tasksOf } from '../model/run-scope.js';
import { type ReportParts, reportRun } from '../report/report-run.js';
import { pilotReport, type RestTerms } from '../runs/pilot-report.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import { runProgress } from '../runs/run-progress.js';
import type { RunTraces } from '../runs/run-traces.js';
import type { Work } from '../runs/work.js';
import { isTaskEnded } from '../states/task-state.js';
import type { LedgerCount } from '../store/ledger-table.js';

/** What ending runs uses. */
export interface EndingParts extends ReportParts {
  readonly work: Work;
  readonly traces: RunTraces;
  readonly progress: ProgressBuffer;
  readonly log: Logger;
  readonly clock: () => number;
  readonly restTerms: () => RestTerms;
}

/** Ends pilots and runs. */
export class RunEnding {
  readonly #parts: EndingParts;
  readonly #finishing = new Set<string>();

  constructor(parts: EndingParts) {
    this.#parts = parts;
  }

  /** Ends what is over: pair spans, the pilot, the run. Called under the lock. */
  async check(snapshot: RunSnapshot): Promise<void> {
    const { run } = snapshot;
    for (const { pair } of snapshot.pairs.values()) {
      if (tasksOf(snapshot, pair).every((task) => isTaskEnded(task.state))) {
        this.#parts.traces.endPair(run.runId, pair);
      }
    }
    if (!isScopeEnded(snapshot)) return;
    if (isPilotPhase(snapshot)) await this.#endPilot(snapshot);
    else this.#finish(run.runId);
  }

  async #endPilot(snapshot: RunSnapshot): Promise<void> {
    const { runId } = snapshot.run;
    const note = pilotReport(snapshot, this.#parts.restTerms())!.text;
    const { pilotPair } = snapshot.run.spec;
    const failed = tasksOf(snapshot, pilotPair).filter((task) => task.state !== 'DONE');
    const problems = failed.map((task) => `pilot ${task.pair} h${task.horizon}: ${task.error || task.state}`);
    await this.#parts.book.change(runId, (change) => {
      change.note(note);
      change.setRun({ state: 'AWAITING_PILOT_APPROVAL', problems });
    });
    this.#parts.log.info({ runId, note }, 'the pilot pair is done');
  }

  /** Writes report and end outside the lock; a run is finished once, whatever happens meanwhile. */
  #finish(runId: string): void {
    if (this.#finishing.has(runId)) return;
    this.#finishing.add(runId);
    this.#parts.work.background(`finish ${runId}`, async () => {
      try {
        await this.#record(runId);
      } finally {
        this.#finishing.delete(runId);
      }
    });
  }

  async #record(runId: string): Promise<void> {
    const { book, traces, progress, log } = this.#parts;
    const snapshot = book.activeRun(runId);
    if (!snapshot) return;
    const ended = await withSpan(
      SPAN.record,
      { parent: traces.context(runId), attributes: { [ATTRIBUTE.runId]: runId } },
      () => this.#conclude(snapshot),
    );
    await this.#parts.work.exclusive(async () => {
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
      traces.end(after);
    });
  }

  /** How the run ends; the report is written with it. */
  async #conclude(snapshot: RunSnapshot): Promise<ConcludedRun> {
    const { store } = this.#parts.book;
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
      endedMs: endOf(snapshot.run, this.#parts.clock()),
      ledgerRows: counts.reduce((sum, count) => sum + count.rows, 0),
      resultsSha256: sha256Hex(inOrder.join('\n')),
      reportPath: '',
    };
    return this.#report(snapshot, concluded);
  }

  async #report(snapshot: RunSnapshot, concluded: ConcludedRun): Promise<ConcludedRun> {
    try {
      const after = { ...snapshot, run: { ...snapshot.run, ...concluded } };
      const reportPath = await reportRun(this.#parts, after);
      return { ...concluded, reportPath };
    } catch (thrown) {
      const problem = `the report could not be written: ${OnescanError.from(thrown).text}`;
      this.#parts.log.error({ err: thrown, runId: snapshot.run.runId }, problem);
      const state = concluded.state === 'COMPLETED' ? 'PARTIAL' : concluded.state;
      return { ...concluded, state, problems: [...concluded.problems, problem] };
    }
  }
}

type ConcludedRun = Pick<
  RunRecord,
  'state' | 'problems' | 'endedMs' | 'ledgerRows' | 'resultsSha256' | 'reportPath'
>;

/**
 * Everything that keeps a run from being complete: tasks without a result, by pair and cause, and ledgers
 * that do not hold exactly one row for every feature of the pair's universe. Empty means complete.
 */
function findProblems(snapshot: RunSnapshot, ledger: readonly LedgerCount[]): string[] {
  const counts = new Map(ledger.map((count) => [taskKey(count.pair, count.horizon), count]));
  return [...unfinished(snapshot), ...unaccounted(snapshot, counts)];
}

/** One line for tasks of a pair that ended the same way for the same reason. */
function unfinished({ tasks }: RunSnapshot): string[] {
  const lines = new Map<string, { pair: string; horizons: number[]; why: string }>();
  for (const task of tasks.values()) {
    if (task.state === 'DONE') continue;
    const why = describe(task);
    const line = lines.get(`${task.pair} ${why}`) ?? { pair: task.pair, horizons: [], why };
    line.horizons.push(task.horizon);
    lines.set(`${task.pair} ${why}`, line);
  }
  return [...lines.values()].map(
    ({ pair, horizons, why }) => `${pair} ${horizons.map((horizon) => `h${horizon}`).join(' ')}: ${why}`,
  );
}

/** Errors of cancelled tasks begin with "cancelled" themselves. */
function describe(task: TaskRecord): string {
  if (task.error === '') return task.state.toLowerCase();
  return task.state === 'CANCELLED' ? task.error : `${task.state.toLowerCase()}: ${task.error}`;
}

function unaccounted({ run, tasks }: RunSnapshot, counts: ReadonlyMap<string, LedgerCount>): string[] {
  const columns = new Map(run.plan?.pairs.map((pair) => [pair.pair, pair.columns]));
  const problems: string[] = [];
  for (const [key, task] of tasks) {
    if (task.state !== 'DONE') continue;
    const expected = columns.get(task.pair) ?? 0;
    const { rows, features } = counts.get(key) ?? { rows: 0, features: 0 };
    if (rows === expected && features === expected) continue;
    problems.push(
      `${task.pair} h${task.horizon}: the ledger has ${rows} rows of ${features} features, the universe ${expected}`,
    );
  }
  return problems;
}
