import { formatDuration } from '/lib/format/duration.js';
import { Component, h, type JSX } from '/lib/preact.js';
import { type Fact, FactList } from './fact-list.js';
import { type Evidence, type PairStatus, type Run, type TaskStatus, taskKey } from './model.js';
import { update } from './store.js';
import { bytes, clockText, figure, gain, percent, shown, stateName, verdictName } from './words.js';

/** A letter for each verdict beside its colour. */
const MARKS: Readonly<Record<string, string>> = {
  SKILL: '●',
  SKILL_SUSPECT: '◍',
  INCONCLUSIVE: '◐',
  NO_SKILL_BEYOND_OVERLAP: '○',
};

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
};

/** Pairs down, horizons across; a cell says how far its task is, or what came of it. Arrow keys go from cell to cell. */
export function Grid({ run, selected }: { run: Run; selected: string }): JSX.Element {
  const horizons = [...new Set(run.tasks.map(({ horizon }) => horizon))].sort((a, b) => a - b);
  const pairs = [...new Set(run.tasks.map(({ pair }) => pair))];
  const tasks = new Map(run.tasks.map((task) => [taskKey(task), task]));
  const first = tasks.has(selected) ? selected : `${pairs[0]} ${horizons[0]}`;
  return (
    <div class="scroll">
      <table class="grid" aria-describedby="grid-legend">
        <thead>
          <tr>
            <th scope="col">Pair</th>
            {horizons.map((horizon) => (
              <th scope="col" key={horizon}>
                h{horizon}
              </th>
            ))}
          </tr>
        </thead>
        <tbody onKeyDown={move}>
          {pairs.map((pair) => (
            <Row
              key={pair}
              pair={pair}
              status={run.pairs.find((each) => each.pair === pair)}
              tasks={horizons.map((horizon) => tasks.get(`${pair} ${horizon}`))}
              selected={first.startsWith(`${pair} `) ? selected : ''}
              first={first.startsWith(`${pair} `) ? first : ''}
            />
          ))}
        </tbody>
      </table>
      <p class="legend" id="grid-legend">
        ● skill, ◍ skill but suspect, ◐ inconclusive, ○ no skill beyond overlap, with AUC and features kept; ✕
        failed. Choose a cell for its figures.
      </p>
    </div>
  );
}

interface RowProps {
  readonly pair: string;
  readonly status: PairStatus | undefined;
  readonly tasks: readonly (TaskStatus | undefined)[];
  readonly selected: string;
  /** The cell that the tab key comes to. */
  readonly first: string;
}

/** Drawn again only when something in it is another. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { status, tasks, selected, first } = this.props;
    return (
      next.status !== status ||
      next.selected !== selected ||
      next.first !== first ||
      next.tasks.length !== tasks.length ||
      next.tasks.some((task, i) => task !== tasks[i])
    );
  }

  override render({ pair, status, tasks, selected, first }: RowProps): JSX.Element {
    const isFetching = status && status.state !== 'PAIR_STATE_FETCHED';
    return (
      <tr>
        <th scope="row">
          {shown(pair)}
          {isFetching ? <small class={status.error ? 'bad' : ''}>{stateName(status.state)}</small> : null}
        </th>
        {tasks.map((task, i) =>
          task ? (
            <Cell
              key={task.horizon}
              task={task}
              isSelected={selected === taskKey(task)}
              isFirst={first === taskKey(task)}
            />
          ) : (
            <td key={String(i)} />
          ),
        )}
      </tr>
    );
  }
}

function Cell({
  task,
  isSelected,
  isFirst,
}: {
  task: TaskStatus;
  isSelected: boolean;
  isFirst: boolean;
}): JSX.Element {
  const key = taskKey(task);
  const { kind, mark, text } = looks(task);
  return (
    <td>
      <button
        type="button"
        class={`cell ${kind}`}
        data-task={key}
        tabIndex={isFirst ? 0 : -1}
        aria-pressed={isSelected}
        aria-label={`${shown(task.pair)} h${task.horizon}: ${spoken(task)}`}
        onClick={() => update({ selected: isSelected ? '' : key })}
      >
        {kind === 'runs' ? <progress max={1} value={task.fraction} aria-hidden="true" /> : <b>{mark}</b>}
        <span>{text}</span>
        {task.attempt > 1 ? <sup title={`attempt ${task.attempt}`}>{task.attempt}</sup> : null}
      </button>
    </td>
  );
}

function looks({ state, summary, stage, fraction }: TaskStatus): {
  kind: string;
  mark: string;
  text: string;
} {
  if (state === 'TASK_STATE_LEASED') return { kind: 'runs', mark: '', text: stage || percent(fraction) };
  if (state === 'TASK_STATE_DONE' && summary) {
    const kind = summary.verdict.toLowerCase().replaceAll('_', '-');
    const text = `${figure(summary.auc, 3)} · ${summary.featuresRetained}`;
    return { kind: `done ${kind}`, mark: MARKS[summary.verdict] ?? '○', text };
  }
  if (/_(FAILED|QUARANTINED)$/.test(state)) return { kind: 'failed', mark: '✕', text: stateName(state) };
  return { kind: 'idle', mark: '·', text: state === 'TASK_STATE_READY' ? 'ready' : stateName(state) };
}

function spoken({ state, summary, stage, fraction, attempt }: TaskStatus): string {
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  if (state === 'TASK_STATE_LEASED') return `${stage || 'at work'}, ${percent(fraction)}${again}`;
  if (!summary) return `${stateName(state)}${again}`;
  const { verdict, auc, featuresRetained } = summary;
  return `${verdictName(verdict)}, AUC ${figure(auc, 3)}, ${featuresRetained} features kept${again}`;
}

/** Moves the focus by arrow keys, home and end. */
function move(event: KeyboardEvent): void {
  const cell = (event.target as HTMLElement).closest<HTMLButtonElement>('button.cell');
  const row = cell?.closest('tr');
  if (!cell || !row) return;
  const cells = [...row.querySelectorAll<HTMLButtonElement>('button.cell')];
  const at = cells.indexOf(cell);
  const [down, right] = STEPS[event.key] ?? [0, 0];
  const next =
    event.key === 'Home'
      ? cells[0]
      : event.key === 'End'
        ? cells.at(-1)
        : down === 0
          ? cells[at + right]
          : [
              ...((down > 0
                ? row.nextElementSibling
                : row.previousElementSibling
              )?.querySelectorAll<HTMLButtonElement>('button.cell') ?? []),
            ][at];
  if (!next || next === cell) return;
  event.preventDefault();
  next.focus();
}

/** The figures of one pair and horizon. */
export function TaskDetail({
  task,
  evidence,
}: {
  task: TaskStatus;
  evidence: Evidence | undefined;
}): JSX.Element {
  const { summary, stats } = task;
  const holm = evidence?.adjusted.find(
    ({ pair, horizon }) => pair === task.pair && horizon === task.horizon,
  )?.holm;
  const facts: Fact[] = summary
    ? [
        ['AUC', figure(summary.auc, 3)],
        ['accuracy', percent(summary.accuracy)],
        [
          'best baseline',
          `${percent(summary.bestBaselineAccuracy)} ${shown(summary.bestBaseline).replaceAll('_', ' ')}`,
        ],
        ['gain, mnat [interval]', gain(summary)],
        ['p, adjusted for all tests', holm === undefined ? '' : figure(holm, 4)],
        ['kept / tested', `${summary.featuresRetained} / ${summary.featuresTested}`],
        ['false among them, at most', figure(summary.expectedFalseSelections, 1)],
      ]
    : [];
  if (stats) {
    facts.push(['peak memory', `${bytes(stats.peakRssBytes)} of ${bytes(stats.memoryLimitBytes)}`]);
    for (const [stage, seconds] of Object.entries(stats.stageSeconds))
      facts.push([shown(stage), formatDuration(seconds)]);
  }
  return (
    <section class="detail" aria-live="polite" aria-label={`${task.pair} h${task.horizon}`}>
      <h3>
        {shown(task.pair)} h{task.horizon}: {summary ? verdictName(summary.verdict) : stateName(task.state)}
      </h3>
      {summary ? <p>{shown(summary.verdictText)}.</p> : null}
      {task.error === '' ? null : <p class="problem">{shown(task.error)}</p>}
      <FactList facts={facts} small />
      <Attempts task={task} />
    </section>
  );
}

function Attempts({ task }: { task: TaskStatus }): JSX.Element | null {
  const attempts = task.attempts ?? [];
  if (attempts.length === 0) {
    return task.trainerId === '' ? null : (
      <p class="soft">
        Attempt {task.attempt} on {shown(task.trainerId)}
      </p>
    );
  }
  return (
    <ol class="attempts">
      {attempts.map(({ attempt, trainerId, outcome, startedAt, endedAt, message, stage, ...more }) => (
        <li key={attempt} value={attempt}>
          {shown(trainerId)}: {outcome.endsWith('_UNSPECIFIED') ? 'at work' : stateName(outcome)}
          {stage === '' ? '' : ` in ${shown(stage)}`}{' '}
          <span class="soft">
            {clockText(startedAt)} to {clockText(endedAt)}
          </span>
          {more.peakRssBytes === '0' ? '' : `, ${bytes(more.peakRssBytes)} at most`}
          {message === '' ? null : <span class="bad"> {shown(message)}</span>}
          {more.traceUrl === '' ? null : (
            <a href={more.traceUrl} target="_blank" rel="noopener noreferrer">
              {' '}
              trace
            </a>
          )}
        </li>
      ))}
    </ol>
  );
}
