import type { Instruments } from '@onescan/process/metrics/instruments.js';
import type { RunningStatement, StatementBatch, Warehouse, WarehouseView } from '../warehouse/warehouse.js';
import type { FETCHER_METRICS } from './fetcher-metrics.js';

type Measured = Instruments<typeof FETCHER_METRICS>;
type Answer =
  | 'onescan.warehouse.dry_run.duration_seconds'
  | 'onescan.warehouse.query.duration_seconds'
  | 'onescan.warehouse.read.duration_seconds';

const MS_PER_S = 1_000;

/** The same warehouse, whichever it is, with the time measured that its answers take. */
export function measuredWarehouse(warehouse: Warehouse, instruments: Measured): Warehouse {
  const { view } = warehouse;
  return instead(warehouse, {
    dryRun: dryRunOf(warehouse, instruments),
    run: async (statement, options) => {
      const begun = performance.now();
      try {
        return measuredResult(await warehouse.run(statement, options), instruments, begun);
      } catch (thrown) {
        record(instruments, 'onescan.warehouse.query.duration_seconds', begun, 'failed');
        throw thrown;
      }
    },
    ...(view
      ? {
          view: (scope) => {
            const own = view.call(warehouse, scope);
            return instead(own, { dryRun: dryRunOf(own, instruments) });
          },
        }
      : {}),
  });
}

/** An object of which some methods are others; those that stay keep their object, whose private fields they read. */
function instead<T extends object>(own: T, others: Partial<T>): T {
  return new Proxy(own, {
    get: (target, name) => {
      if (Object.hasOwn(others, name)) return Reflect.get(others, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function dryRunOf(view: WarehouseView, instruments: Measured): WarehouseView['dryRun'] {
  return (statement) =>
    timed(instruments, 'onescan.warehouse.dry_run.duration_seconds', () => view.dryRun(statement));
}

/** The first rows end the query; each wait for more is a reading of its own. What is done between is not counted. */
function measuredResult(running: RunningStatement, instruments: Measured, begun: number): RunningStatement {
  async function* measured(): AsyncGenerator<StatementBatch, void, undefined> {
    const batches = running.batches[Symbol.asyncIterator]();
    let name: Answer = 'onescan.warehouse.query.duration_seconds';
    let since = begun;
    try {
      for (;;) {
        const next = await timed(instruments, name, () => batches.next(), since);
        if (next.done) return;
        yield next.value;
        name = 'onescan.warehouse.read.duration_seconds';
        since = performance.now();
      }
    } finally {
      await batches.return?.();
    }
  }
  return { batches: measured(), bytesBilled: () => running.bytesBilled() };
}

async function timed<T>(
  instruments: Measured,
  name: Answer,
  ask: () => Promise<T>,
  begun: number = performance.now(),
): Promise<T> {
  try {
    const answer = await ask();
    record(instruments, name, begun, 'ok');
    return answer;
  } catch (thrown) {
    record(instruments, name, begun, 'failed');
    throw thrown;
  }
}

function record(instruments: Measured, name: Answer, begun: number, outcome: 'ok' | 'failed'): void {
  instruments.record(name, (performance.now() - begun) / MS_PER_S, { outcome });
}
