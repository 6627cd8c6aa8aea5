import { type RunSnapshot, type TaskRecord, taskKey } from '../model/run-record.js';
import type { LedgerCount } from '../store/ledger-table.js';

/**
 * Everything that keeps a run from being complete: tasks without a result, by pair and cause, and ledgers
 * that do not hold exactly one row for every feature of the pair's universe. Empty means complete.
 */
export function findProblems(snapshot: RunSnapshot, ledger: readonly LedgerCount[]): string[] {
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
