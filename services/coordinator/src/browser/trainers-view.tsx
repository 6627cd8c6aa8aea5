import { h, type JSX } from '/lib/preact.js';
import type { Worker } from './model.js';
import type { State } from './store.js';
import { bytes, count, shown } from './words.js';

/** Who is connected, and what each does. */
export function TrainersView({ state }: { state: State }): JSX.Element {
  const { workers, maxWorkers } = state;
  return (
    <section>
      <div class="title">
        <h1 tabIndex={-1}>Trainers</h1>
        <span class="soft" role="status">
          {workers ? `${count(workers.length)} connected, ${maxWorkers} may work at once` : 'Loading'}
        </span>
      </div>
      <Workers workers={workers ?? []} />
    </section>
  );
}

/** A table of trainers with memory against limit. */
export function Workers({ workers }: { workers: readonly Worker[] }): JSX.Element {
  if (workers.length === 0) return <p class="empty">No trainer is connected.</p>;
  return (
    <table class="list stack">
      <thead>
        <tr>
          <th scope="col">Trainer</th>
          <th scope="col">Works on</th>
          <th scope="col">Memory</th>
          <th scope="col" class="right">
            Peak
          </th>
          <th scope="col" class="right">
            Limit
          </th>
        </tr>
      </thead>
      <tbody>
        {workers.map((worker) => (
          <tr key={worker.trainerId}>
            <th scope="row">{shown(worker.trainerId)}</th>
            <td data-title="Works on">
              {worker.workingOn === '' ? <span class="soft">idle</span> : shown(worker.workingOn)}
            </td>
            <td data-title="Memory">
              <Memory worker={worker} />
            </td>
            <td data-title="Peak" class="right">
              {bytes(worker.peakRssBytes)}
            </td>
            <td data-title="Limit" class="right">
              {bytes(worker.memoryLimitBytes)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The mark that most memory is taken stands well before the limit. */
function Memory({ worker: { trainerId, rssBytes, memoryLimitBytes } }: { worker: Worker }): JSX.Element {
  const limit = Math.max(Number(memoryLimitBytes), 1);
  return (
    <span class="memory">
      <meter
        min={0}
        max={limit}
        high={0.85 * limit}
        optimum={0}
        value={Number(rssBytes)}
        aria-label={`Memory of ${trainerId}`}
      />{' '}
      {bytes(rssBytes)}
    </span>
  );
}
