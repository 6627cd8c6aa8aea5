import { formatDuration } from '/lib/format/duration.js';
import { h, type JSX } from '/lib/preact.js';
import { attempt, loadRuns } from './live.js';
import type { Run } from './model.js';
import { type State, update } from './store.js';
import { awaitsApproval, count, isActive, secondsBetween, shown, stateName, timeText, usd } from './words.js';

const STATES = [
  'PLANNING',
  'AWAITING_APPROVAL',
  'RUNNING',
  'AWAITING_PILOT_APPROVAL',
  'COMPLETED',
  'PARTIAL',
  'FAILED',
  'CANCELLED',
];

/** Time without a key before a search begins, in milliseconds. */
const PAUSE_MS = 250;

/** All runs, a page of them, those that a search finds; two can be chosen to be compared. */
export function RunsView({ state }: { state: State }): JSX.Element {
  const { runs, totalRuns, chosen } = state;
  return (
    <section>
      <div class="title">
        <h1 tabIndex={-1}>Runs</h1>
        <span class="soft" role="status">
          {runs ? `${count(totalRuns)} ${totalRuns === 1 ? 'run' : 'runs'}` : 'Loading'}
        </span>
        {chosen.length === 2 ? (
          <a class="button" href={`#/compare/${chosen.map(encodeURIComponent).join('/')}`}>
            Compare these two
          </a>
        ) : (
          <span class="soft right">Choose two to compare{chosen.length === 1 ? ', one more' : ''}</span>
        )}
      </div>
      <Search state={state} />
      {runs && runs.length === 0 ? <Nothing isFiltered={isFiltered(state)} /> : <Table state={state} />}
      <Pages state={state} />
    </section>
  );
}

function isFiltered({ filter }: State): boolean {
  return filter.state !== '' || filter.text !== '';
}

function Search({ state }: { state: State }): JSX.Element {
  return (
    <search class="search">
      <label>
        <span>Name, or label as key=value</span>
        <input
          type="search"
          maxLength={200}
          placeholder="nightly, team=fx"
          defaultValue={state.filter.text}
          onInput={(event) => searchSoon(state, event.currentTarget.value)}
        />
      </label>
      <label>
        <span>State</span>
        <select
          value={state.filter.state}
          onChange={(event) => search({ ...state.filter, state: event.currentTarget.value })}
        >
          <option value="">any</option>
          {STATES.map((name) => (
            <option key={name} value={name}>
              {stateName(name)}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}

let typing: number | undefined;

function searchSoon({ filter }: State, text: string): void {
  clearTimeout(typing);
  typing = setTimeout(() => search({ ...filter, text }), PAUSE_MS);
}

function search(filter: State['filter']): void {
  update({ filter, pageTokens: [] });
  void attempt(loadRuns);
}

function Nothing({ isFiltered: hasFilter }: { isFiltered: boolean }): JSX.Element {
  if (hasFilter) return <p class="empty">No run is like that.</p>;
  return (
    <p class="empty">
      No run yet. Start one with <code>onescan run --pairs eurusd</code>; its plan waits here for approval.
    </p>
  );
}

function Table({ state: { runs = [], chosen } }: { state: State }): JSX.Element {
  return (
    <table class="list stack">
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">Compare</span>
          </th>
          <th scope="col">Run</th>
          <th scope="col">State</th>
          <th scope="col">Results</th>
          <th scope="col" class="right">
            Billed
          </th>
          <th scope="col">Started</th>
          <th scope="col" class="right">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row key={run.runId} run={run} isChosen={chosen.includes(run.runId)} chosen={chosen} />
        ))}
      </tbody>
    </table>
  );
}

function Row(props: { run: Run; isChosen: boolean; chosen: readonly string[] }): JSX.Element {
  const { run, isChosen, chosen } = props;
  const name = run.tags?.name ?? '';
  const choose = (): void =>
    update({ chosen: isChosen ? chosen.filter((id) => id !== run.runId) : [...chosen, run.runId].slice(-2) });
  return (
    <tr>
      <td>
        <input type="checkbox" checked={isChosen} onChange={choose} aria-label={`Compare ${run.runId}`} />
      </td>
      <th scope="row">
        <a href={`#/runs/${encodeURIComponent(run.runId)}`}>{name === '' ? run.runId : shown(name)}</a>
        {name === '' ? null : <small class="mono">{run.runId}</small>}
        <Labels run={run} />
      </th>
      <td data-title="State">
        <StateMark state={run.state} />
      </td>
      <td data-title="Results">
        <Done run={run} />
      </td>
      <td data-title="Billed" class="right">
        {usd(run.usdBilled)}
      </td>
      <td data-title="Started">{timeText(run.createdAt)}</td>
      <td data-title="Took" class="right">
        {formatDuration(secondsBetween(run.createdAt, run.endedAt))}
      </td>
    </tr>
  );
}

/** Labels of a run. */
export function Labels({ run }: { run: Run }): JSX.Element | null {
  const labels = Object.entries(run.tags?.labels ?? {});
  if (labels.length === 0) return null;
  return (
    <span class="labels">
      {labels.map(([key, value]) => (
        <span key={key}>{shown(`${key}=${value}`)}</span>
      ))}
    </span>
  );
}

/** The state of a run in words, with a mark that is more than a colour. */
export function StateMark({ state }: { state: string }): JSX.Element {
  const kind = awaitsApproval(state) ? 'waits' : isActive(state) ? 'runs' : stateName(state);
  return <span class={`mark ${kind}`}>{stateName(state)}</span>;
}

function Done({ run: { tasksDone, tasksTotal } }: { run: Run }): JSX.Element {
  if (tasksTotal === 0) return <span class="soft">–</span>;
  return (
    <span class="done">
      <progress max={tasksTotal} value={tasksDone} aria-label="Results" /> {tasksDone} of {tasksTotal}
    </span>
  );
}

function Pages({ state: { pageTokens, nextPageToken } }: { state: State }): JSX.Element | null {
  if (pageTokens.length === 0 && nextPageToken === '') return null;
  const turn = (tokens: readonly string[]): void => {
    update({ pageTokens: tokens });
    void attempt(loadRuns);
  };
  return (
    <nav class="pages" aria-label="Pages of runs">
      <button type="button" disabled={pageTokens.length === 0} onClick={() => turn(pageTokens.slice(0, -1))}>
        Newer
      </button>
      <span>Page {pageTokens.length + 1}</span>
      <button
        type="button"
        disabled={nextPageToken === ''}
        onClick={() => turn([...pageTokens, nextPageToken])}
      >
        Older
      </button>
    </nav>
  );
}
