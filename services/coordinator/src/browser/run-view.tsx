import { formatDuration } from '/lib/format/duration.js';
import { h, type JSX } from '/lib/preact.js';
import { call } from './api.js';
import { CancelButton, PlanPanel } from './approval.js';
import { Events } from './events.js';
import { type Fact, FactList } from './fact-list.js';
import { Grid, TaskDetail } from './grid.js';
import { attempt } from './live.js';
import type { Me, Run } from './model.js';
import { Labels, StateMark } from './runs-view.js';
import type { State } from './store.js';
import { Suspicions } from './suspicions.js';
import { Timeline } from './timeline.js';
import { Workers } from './trainers-view.js';
import { awaitsApproval, bytes, count, isActive, secondsBetween, shown, timeText, usd } from './words.js';

/** One run: what it waits for, how far it is, what was found. */
export function RunView({ state, me }: { state: State; me: Me }): JSX.Element {
  const { run, route } = state;
  const id = route.view === 'run' ? route.runId : '';
  const name = run?.tags?.name ?? '';
  return (
    <section>
      <p class="crumbs">
        <a href="#/runs">Runs</a>
      </p>
      <div class="title">
        <h1 tabIndex={-1}>{name === '' ? `Run ${shown(id)}` : shown(name)}</h1>
        {run ? <StateMark state={run.state} /> : <span class="soft">Loading</span>}
        {run ? <Actions run={run} me={me} /> : null}
      </div>
      {run ? <Body run={run} state={state} me={me} /> : null}
    </section>
  );
}

function Body({ run, state, me }: { run: Run; state: State; me: Me }): JSX.Element {
  const selected = run.tasks.find(({ pair, horizon }) => `${pair} ${horizon}` === state.selected);
  return (
    <div class="run">
      <Subtitle run={run} />
      <Problems run={run} />
      {run.plan && (awaitsApproval(run.state) || run.tasks.length === 0) ? (
        <PlanPanel run={run} plan={run.plan} me={me} meanings={state.meanings} busy={state.busy} />
      ) : null}
      <Facts run={run} state={state} />
      {run.tasks.length === 0 ? null : (
        <section class="card" aria-labelledby="grid-title">
          <h2 id="grid-title">Pairs and horizons</h2>
          <Evidence run={run} />
          <Grid run={run} selected={state.selected} />
          {selected ? <TaskDetail task={selected} evidence={run.evidence} /> : null}
        </section>
      )}
      <Suspicions run={run} />
      {isActive(run.state) ? (
        <section class="card" aria-labelledby="trainers-title">
          <h2 id="trainers-title">Trainers</h2>
          <Workers workers={state.workers ?? []} />
        </section>
      ) : null}
      {run.tasks.length === 0 ? null : <Timeline runId={run.runId} />}
      <Events lines={state.lines} shownLines={state.linesShown} />
      {run.plan && run.tasks.length > 0 && !awaitsApproval(run.state) ? (
        <details class="card">
          <summary>
            <h2>The plan that was approved</h2>
          </summary>
          <PlanPanel run={run} plan={run.plan} me={me} meanings={state.meanings} busy={state.busy} />
        </details>
      ) : null}
    </div>
  );
}

function Subtitle({ run }: { run: Run }): JSX.Element {
  return (
    <p class="subtitle">
      <span class="mono">{run.runId}</span>
      <Labels run={run} />
      {run.rerunOf === '' ? null : (
        <span>
          a rerun of <a href={`#/runs/${encodeURIComponent(run.rerunOf)}`}>{run.rerunOf}</a>
        </span>
      )}
    </p>
  );
}

function Actions({ run, me }: { run: Run; me: Me }): JSX.Element {
  const trace =
    me.traces !== '' && run.traceId !== '' ? `${me.traces.replace(/\/$/, '')}/trace/${run.traceId}` : '';
  return (
    <div class="actions">
      {run.reportPath === '' ? null : (
        <button type="button" onClick={() => void attempt(() => openReport(run.runId))}>
          Open report
        </button>
      )}
      {trace === '' ? null : (
        <a class="button" href={trace} target="_blank" rel="noopener noreferrer">
          Trace
        </a>
      )}
      {isActive(run.state) && me.roles.includes('runner') ? <CancelButton runId={run.runId} /> : null}
    </div>
  );
}

/** The report has a window of its own, opened at once: browsers refuse one that comes after an answer. */
async function openReport(runId: string): Promise<void> {
  const report = window.open('', '_blank');
  try {
    const { path } = await call<{ path: string }>('reportLink', { runId });
    if (report) report.location.href = path;
    else location.href = path;
  } catch (thrown) {
    report?.close();
    throw thrown;
  }
}

function Problems({ run }: { run: Run }): JSX.Element | null {
  if (run.problems.length === 0) return null;
  return (
    <ul class="problem">
      {run.problems.map((problem) => (
        <li key={problem}>{shown(problem)}</li>
      ))}
    </ul>
  );
}

function Facts({ run, state: { progress } }: { run: Run; state: State }): JSX.Element {
  const eta = isActive(run.state) ? progress?.etaSeconds : undefined;
  const last = run.approvals.at(-1);
  const done = run.tasks.filter((task) => task.state === 'TASK_STATE_DONE').length;
  const facts: readonly Fact[] = [
    ['results', `${count(done)} of ${count(run.tasksTotal)}`],
    ['billed', `${usd(run.usdBilled)}, ${bytes(run.bytesBilled)}`],
    ['planned', run.plan ? `${usd(run.plan.usd)}, ${bytes(run.plan.bytes)}` : '–'],
    ['started', timeText(run.createdAt)],
    [run.endedAt ? 'took' : 'for', formatDuration(secondsBetween(run.createdAt, run.endedAt))],
    ['left, about', eta === undefined ? '' : formatDuration(eta)],
    ['approved by', last ? shown(last.approvedBy) || 'its budget' : ''],
    ['preset', shown(run.spec?.preset || 'standard')],
    ['trainers at once', run.workersUsed > 0 ? String(run.workersUsed) : ''],
    ['ledger', run.ledgerRows === '0' ? '' : `${count(Number(run.ledgerRows))} rows`],
  ];
  return <FactList facts={facts} />;
}

/** All tests taken together, where the coordinator says so. */
function Evidence({ run: { evidence } }: { run: Run }): JSX.Element | null {
  if (!evidence || evidence.tested === 0) return null;
  return (
    <p class="subtitle">
      {evidence.verdictText === '' ? '' : `${shown(evidence.verdictText)}. `}
      {count(evidence.skill)} of {count(evidence.tested)} tests show skill; adjusted for their number{' '}
      {count(evidence.skillAdjusted)} do.
    </p>
  );
}
