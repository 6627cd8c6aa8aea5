import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type RunProblem, reasonText } from '@onescan/contract/reasons/reason.js';
import type { Logger } from '@onescan/process/log.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { withSpan } from '@onescan/process/telemetry/tracing.js';
import { endOf, type RunRecord, type RunSnapshot, type TaskRecord, taskKey } from '../model/run-record.js';
import { isPilotPhase, isScopeEnded, tasksOf } from '../model/run-scope.js';
import { type ReportParts, reportRun } from '../report/report-run.js';
import { pilotReport, type RestTerms } from '../runs/pilot-report.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import { readCalendars } from '../runs/run-calendar.js';
import { concludedEvidence } from '../runs/run-evidence.js';
import { runProgress } from '../runs/run-progress.js';
import type { RunTraces } from '../runs/run-traces.js';
import type { Work } from '../runs/work.js';
import { isTaskEnded } from '../states/task-state.js';
import type { LedgerCount } from '../store/ledger-table.js';
import { readScorings } from '../store/scoring-table.js';

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
    const problems = failed.map((task): RunProblem => ({ code: 'pilot_unfinished', facts: taskFacts(task) }));
    await this.#parts.book.change(runId, (change) => {
      change.note(note);
      change.setRun({ state: 'AWAITING_PILOT_APPROVAL', problems });
    });
    this.#parts.traces.waits(runId);
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
      evidence: concludedEvidence(snapshot, {
        tested: await readCalendars(store, snapshot),
        scorings: await store.readRunTable((reader) => readScorings(reader, runId)),
      }),
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
      const words = OnescanError.from(thrown).text;
      const problem: RunProblem = { code: 'report_not_written', facts: { words } };
      this.#parts.log.error({ err: thrown, runId: snapshot.run.runId }, reasonText(problem));
      const state = concluded.state === 'COMPLETED' ? 'PARTIAL' : concluded.state;
      return { ...concluded, state, problems: [...concluded.problems, problem] };
    }
  }
}

type ConcludedRun = Pick<
  RunRecord,
  'state' | 'problems' | 'endedMs' | 'ledgerRows' | 'resultsSha256' | 'evidence' | 'reportPath'
>;

/**
 * Everything that keeps a run from being complete: tasks without a result, by pair and cause, and ledgers
 * that do not hold exactly one row for every feature of the pair's universe. Empty means complete.
 */
function findProblems(snapshot: RunSnapshot, ledger: readonly LedgerCount[]): RunProblem[] {
  const counts = new Map(ledger.map((count) => [taskKey(count.pair, count.horizon), count]));
  return [...unfinished(snapshot), ...unaccounted(snapshot, counts)];
}

/** What became of a task without a result, to be told of it alone or with others. */
function taskFacts({ pair, horizon, state, error }: TaskRecord) {
  return { pair, horizons: [horizon], state: state.toLowerCase(), error };
}

/** One problem for tasks of a pair that ended the same way for the same reason. */
function unfinished({ tasks }: RunSnapshot): RunProblem[] {
  const found = new Map<string, ReturnType<typeof taskFacts>>();
  for (const task of tasks.values()) {
    if (task.state === 'DONE') continue;
    const key = JSON.stringify([task.pair, task.state, task.error]);
    const facts = found.get(key) ?? { ...taskFacts(task), horizons: [] };
    facts.horizons.push(task.horizon);
    found.set(key, facts);
  }
  return [...found.values()].map((facts) => ({ code: 'tasks_unfinished', facts }));
}

function unaccounted({ run, tasks }: RunSnapshot, counts: ReadonlyMap<string, LedgerCount>): RunProblem[] {
  const columnsOf = new Map(run.plan?.pairs.map((pair) => [pair.pair, pair.columns]));
  const problems: RunProblem[] = [];
  for (const [key, { state, pair, horizon }] of tasks) {
    if (state !== 'DONE') continue;
    const columns = columnsOf.get(pair) ?? 0;
    const { rows, features } = counts.get(key) ?? { rows: 0, features: 0 };
    if (rows === columns && features === columns) continue;
    problems.push({ code: 'ledger_incomplete', facts: { pair, horizon, rows, features, columns } });
  }
  return problems;
}
