import { formatDuration } from '/lib/format/duration.js';
import { h, type JSX } from '/lib/preact.js';
import { type HorizonSummary, type Run, type TaskStatus, taskKey } from './model.js';
import {
  bytes,
  figure,
  gain,
  secondsBetween,
  shown,
  stateName,
  timeText,
  usd,
  verdictName,
} from './words.js';

type Two = readonly [Run, Run];

/** What of a run is compared: a title, and how it is written. */
const FACTS: readonly (readonly [string, (run: Run) => string])[] = [
  ['state', (run) => stateName(run.state)],
  ['results', (run) => `${run.tasksDone} of ${run.tasksTotal}`],
  ['pairs', (run) => String(run.spec?.pairs.length ?? 0)],
  ['horizons', (run) => (run.spec?.horizons ?? []).join(', ')],
  ['preset', (run) => run.spec?.preset || 'standard'],
  ['settings', (run) => settingsOf(run)],
  ['seed', (run) => run.spec?.seed ?? '1'],
  ['columns tested', (run) => range((run.plan?.pairs ?? []).map((pair) => pair.includedColumns))],
  ['rows', (run) => range((run.plan?.pairs ?? []).map((pair) => pair.rows))],
  ['billed', (run) => `${usd(run.usdBilled)}, ${bytes(run.bytesBilled)}`],
  ['took', (run) => formatDuration(secondsBetween(run.createdAt, run.endedAt))],
  ['SKILL', (run) => String(run.tasks.filter(({ summary }) => summary?.verdict === 'SKILL').length)],
  ['hash of results', (run) => run.resultsSha256.slice(0, 16) || '–'],
];

/** Two runs side by side: what they were asked, what they cost, and what each found. */
export function CompareView({ runs }: { runs: Two | undefined }): JSX.Element {
  return (
    <section>
      <p class="crumbs">
        <a href="#/runs">Runs</a>
      </p>
      <div class="title">
        <h1 tabIndex={-1}>Two runs</h1>
        {runs ? null : <span class="soft">Loading</span>}
      </div>
      {runs ? <Compared runs={runs} /> : null}
    </section>
  );
}

function Compared({ runs }: { runs: Two }): JSX.Element {
  const keys = [...new Set(runs.flatMap((run) => run.tasks.map(taskKey)))];
  const tasks = runs.map((run) => new Map(run.tasks.map((task) => [taskKey(task), task])));
  return (
    <div class="two-runs">
      <section class="scroll card" tabIndex={0} aria-label="What was asked and what it cost">
        <table class="list compare">
          <thead>
            <tr>
              <th scope="col" />
              {runs.map((run) => (
                <th scope="col" key={run.runId}>
                  <a href={`#/runs/${encodeURIComponent(run.runId)}`}>{shown(run.tags?.name || run.runId)}</a>
                  <small>{timeText(run.createdAt)}</small>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {FACTS.map(([title, write]) => (
              <FactRow key={title} title={title} values={runs.map(write)} />
            ))}
          </tbody>
        </table>
      </section>
      <section class="scroll card" tabIndex={0} aria-label="Results">
        <h2>Results</h2>
        <table class="list compare">
          <thead>
            <tr>
              <th scope="col">Pair, horizon</th>
              <th scope="col" colSpan={3}>
                {shown(runs[0].tags?.name || runs[0].runId)}
              </th>
              <th scope="col" colSpan={3}>
                {shown(runs[1].tags?.name || runs[1].runId)}
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <ResultRow key={key} name={key} tasks={tasks.map((of) => of.get(key))} />
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function FactRow({ title, values }: { title: string; values: readonly string[] }): JSX.Element {
  const isSame = values[0] === values[1];
  return (
    <tr class={isSame ? '' : 'differs'}>
      <th scope="row">
        {title}
        {isSame ? null : <span class="hidden"> differs</span>}
      </th>
      {values.map((value, i) => (
        <td key={String(i)}>{shown(value)}</td>
      ))}
    </tr>
  );
}

function ResultRow({
  name,
  tasks,
}: {
  name: string;
  tasks: readonly (TaskStatus | undefined)[];
}): JSX.Element {
  const [a, b] = tasks.map((task) => task?.summary?.verdict ?? task?.state ?? '');
  return (
    <tr class={a === b ? '' : 'differs'}>
      <th scope="row">{shown(name.replace(' ', ' h'))}</th>
      {tasks.flatMap((task, i) =>
        cells(task).map((text, j) => (
          <td key={`${i} ${j}`} class={j === 0 ? 'side' : 'right'}>
            {text}
          </td>
        )),
      )}
    </tr>
  );
}

function cells(task: TaskStatus | undefined): string[] {
  if (!task) return ['not in this run', '', ''];
  return task.summary ? ofSummary(task.summary) : [stateName(task.state), '', ''];
}

function ofSummary(summary: HorizonSummary): string[] {
  const kept = `AUC ${figure(summary.auc, 3)}, ${summary.featuresRetained} kept`;
  return [verdictName(summary.verdict), kept, gain(summary)];
}

function settingsOf({ spec }: Run): string {
  const settings = Object.entries(spec?.overrides ?? {}).map(([key, value]) => `${key}=${value}`);
  return settings.length === 0 ? '–' : settings.join(', ');
}

function range(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high
    ? low.toLocaleString('en-US')
    : `${low.toLocaleString('en-US')} to ${high.toLocaleString('en-US')}`;
}
