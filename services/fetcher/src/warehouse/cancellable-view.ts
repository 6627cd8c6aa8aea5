import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StatementBatch, WarehouseView } from './warehouse.js';

/**
 * A view that answers nothing more once its caller has gone. Before every question it lets other work of the process
 * have its turn, so that a long plan neither holds it up nor misses that it was cancelled.
 *
 * @returns a view whose methods throw the signal's reason
 */
export function cancellable(view: WarehouseView, signal: AbortSignal): WarehouseView {
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    await nextTurn();
    signal.throwIfAborted();
    return question();
  };
  const { keySpans, readFree, readKeys } = view;
  return {
    dialect: view.dialect,
    limits: view.limits,
    get countsWholeDays() {
      return view.countsWholeDays;
    },
    readCatalogue: (wanted) => ask(() => view.readCatalogue(wanted)),
    countDays: (table, range, others) => ask(() => view.countDays(table, range, others)),
    findDoubledKeys: (tables) => ask(() => view.findDoubledKeys(tables)),
    dryRun: (statement) => ask(() => view.dryRun(statement)),
    ...(keySpans ? { keySpans: (tables, others) => ask(() => keySpans.call(view, tables, others)) } : {}),
    ...(readKeys ? { readKeys: (tables, range) => ask(() => readKeys.call(view, tables, range)) } : {}),
    ...(readFree ? { readFree: (statement) => until(readFree.call(view, statement), signal) } : {}),
  };
}

async function* until(
  batches: AsyncIterable<StatementBatch>,
  signal: AbortSignal,
): AsyncGenerator<StatementBatch, void, undefined> {
  signal.throwIfAborted();
  for await (const batch of batches) {
    yield batch;
    signal.throwIfAborted();
  }
}
