import { Component, createRef, Fragment, h, type JSX } from '/lib/preact.js';
import { call } from './api.js';
import { attempt, loadRun } from './live.js';
import type { Me, Plan, Run } from './model.js';
import { update } from './store.js';
import { awaitsApproval, bytes, count, shown, usd } from './words.js';

/** Kinds of notes, and reasons for exclusion, that are named before the rest are counted. */
const NAMED = 6;

interface PlanProps {
  readonly run: Run;
  readonly plan: Plan;
  readonly me: Me;
  readonly meanings: Readonly<Record<string, string>>;
  readonly busy: boolean;
}

/** What a run will read, cost and leave out, and the button that lets it. */
export function PlanPanel({ run, plan, me, meanings, busy }: PlanProps): JSX.Element {
  const isWaiting = awaitsApproval(run.state);
  const statements = plan.pairs.reduce((sum, pair) => sum + (pair.cached ? 0 : pair.statements.length), 0);
  const shared = plan.shared && !plan.shared.cached ? plan.shared.statements.length : 0;
  return (
    <section class={isWaiting ? 'card plan waits' : 'plan'} aria-labelledby="plan-title">
      <h2 id="plan-title" class={isWaiting ? '' : 'hidden'}>
        {run.state === 'RUN_STATE_AWAITING_PILOT_APPROVAL'
          ? 'The rest awaits approval'
          : 'The plan awaits approval'}
      </h2>
      {run.pilot && isWaiting ? <p>{shown(run.pilot.text)}</p> : null}
      <div class="price">
        <strong>{usd(plan.usd)}</strong>
        <span>
          {bytes(plan.bytes)} in {count(statements + shared)}{' '}
          {statements + shared === 1 ? 'statement' : 'statements'} on{' '}
          {shown(plan.warehouseName || plan.warehouse)}; budget {usd(plan.budgetUsd)}
          {plan.alreadyBilledUsd ? `; ${usd(plan.alreadyBilledUsd)} billed before` : ''}.<br />A statement a
          pair and horizon would cost {usd(plan.naiveUsd)} in {count(plan.naiveStatements)}.
        </span>
      </div>
      <Pairs plan={plan} />
      <Exclusions run={run} meanings={meanings} />
      <Notes plan={plan} />
      <p class="hash">
        Plan <code>{plan.planHash}</code>
      </p>
      {isWaiting ? <Approve run={run} plan={plan} me={me} busy={busy} /> : null}
    </section>
  );
}

function Pairs({ plan }: { plan: Plan }): JSX.Element {
  const table = (
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Pair</th>
          <th scope="col" class="right">
            Tables
          </th>
          <th scope="col" class="right">
            Columns
          </th>
          <th scope="col" class="right">
            Tested
          </th>
          <th scope="col" class="right">
            Rows
          </th>
          <th scope="col" class="right">
            Reads
          </th>
          <th scope="col" class="right">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {plan.pairs.map((pair) => (
          <tr key={pair.pair}>
            <th scope="row">{shown(pair.pair)}</th>
            <td class="right">{count(pair.tables)}</td>
            <td class="right">{count(pair.columns)}</td>
            <td class="right">{count(pair.includedColumns)}</td>
            <td class="right">{count(pair.rows)}</td>
            <td class="right">{pair.cached ? 'cached' : bytes(pair.bytes)}</td>
            <td class="right">{usd(pair.cached ? 0 : pair.usd)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
  if (plan.pairs.length <= NAMED)
    return (
      <section class="scroll" tabIndex={0} aria-label="Pairs of the plan">
        {table}
      </section>
    );
  return (
    <details>
      <summary>{plan.pairs.length} pairs, one by one</summary>
      <section class="scroll" tabIndex={0} aria-label="Pairs of the plan">
        {table}
      </section>
    </details>
  );
}

/** Reasons over all pairs, each with how many columns it takes and where. */
function Exclusions({ run, meanings }: Pick<PlanProps, 'run' | 'meanings'>): JSX.Element | null {
  const byCode = new Map<string, { columns: number; pairs: number; examples: string[]; text: string }>();
  for (const counts of Object.values(run.exclusions ?? {})) {
    for (const { code, columns, examples, text } of counts) {
      const found = byCode.get(code) ?? { columns: 0, pairs: 0, examples: [...examples], text };
      byCode.set(code, { ...found, columns: found.columns + columns, pairs: found.pairs + 1 });
    }
  }
  if (byCode.size === 0) return <p class="soft">The plan tests every column that it found.</p>;
  const all = [...byCode].sort(([, a], [, b]) => b.columns - a.columns);
  return (
    <>
      <h3>Not tested</h3>
      <ul class="reasons">
        {all.slice(0, NAMED).map(([code, { columns, pairs, examples, text }]) => (
          <li key={code}>
            <b>{count(columns)}</b> {columns === 1 ? 'column' : 'columns'} of {pairs}{' '}
            {pairs === 1 ? 'pair' : 'pairs'}:{' '}
            {shown(code === 'unspecified' ? text : (meanings[code] ?? text))}
            <small class="mono">{examples.map(shown).join(', ')}</small>
          </li>
        ))}
        {all.length > NAMED ? (
          <li>and for {all.length - NAMED} other reasons; all are in the ledger</li>
        ) : null}
      </ul>
    </>
  );
}

function Notes({ plan }: { plan: Plan }): JSX.Element | null {
  const kinds = new Map<string, Map<string, number>>();
  for (const { notes } of plan.pairs) {
    for (const { kind, text } of notes) {
      const texts = kinds.get(kind) ?? new Map<string, number>();
      kinds.set(kind, texts.set(text, (texts.get(text) ?? 0) + 1));
    }
  }
  if (kinds.size === 0) return null;
  return (
    <>
      <h3>Noted</h3>
      <ul class="reasons">
        {[...kinds].slice(0, NAMED).map(([kind, texts]) => {
          const [[first = '', pairs = 0] = []] = texts;
          const more =
            texts.size > 1 ? `; and ${texts.size - 1} more like it` : pairs > 1 ? ` (${pairs} pairs)` : '';
          return (
            <li key={kind}>
              <b>{shown(kind)}</b>: {shown(first)}
              {more}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/**
 * Asks once more, naming the sum and the plan, before anything is spent. The button that does nothing has the focus: a key that is
 * held down approves nothing.
 */
class Approve extends Component<Pick<PlanProps, 'run' | 'plan' | 'me' | 'busy'>> {
  readonly #dialog = createRef<HTMLDialogElement>();

  override render({ run, plan, me, busy }: Pick<PlanProps, 'run' | 'plan' | 'me' | 'busy'>): JSX.Element {
    if (!me.roles.includes('approver')) {
      return <p class="soft">Only approvers may approve; you are {me.roles.join(' and ')}.</p>;
    }
    const approve = async (): Promise<void> => {
      this.#dialog.current?.close();
      update({ busy: true });
      await attempt(async () => {
        const request = { runId: run.runId, planHash: plan.planHash, requestId: crypto.randomUUID() };
        await call('approveRun', request);
        await loadRun(run.runId);
      });
      update({ busy: false });
    };
    return (
      <>
        <button
          type="button"
          class="primary"
          disabled={busy}
          onClick={() => this.#dialog.current?.showModal()}
        >
          Approve {usd(plan.usd)}
        </button>
        <dialog ref={this.#dialog} aria-labelledby="approve-title">
          <h2 id="approve-title">Approve {usd(plan.usd)}?</h2>
          <p>
            The run may then be billed {bytes(plan.bytes)} and goes on at once. What is approved is the plan{' '}
            <code>{plan.planHash.slice(0, 12)}</code> and no other.
          </p>
          <div class="actions">
            <button type="button" onClick={() => this.#dialog.current?.close()}>
              Not now
            </button>
            <button type="button" class="primary" onClick={() => void approve()}>
              Approve
            </button>
          </div>
        </dialog>
      </>
    );
  }
}

/** Cancels a run, after a question. */
export class CancelButton extends Component<{ runId: string }> {
  readonly #dialog = createRef<HTMLDialogElement>();

  override render({ runId }: { runId: string }): JSX.Element {
    const cancel = (): void => {
      this.#dialog.current?.close();
      void attempt(async () => {
        await call('cancelRun', { runId, reason: 'cancelled on the page' });
        await loadRun(runId);
      });
    };
    return (
      <>
        <button type="button" onClick={() => this.#dialog.current?.showModal()}>
          Cancel run
        </button>
        <dialog ref={this.#dialog} aria-labelledby="cancel-title">
          <h2 id="cancel-title">Cancel this run?</h2>
          <p>
            What is finished is kept, and <code>onescan resume</code> takes the rest up again.
          </p>
          <div class="actions">
            <button type="button" onClick={() => this.#dialog.current?.close()}>
              Let it go on
            </button>
            <button type="button" class="danger" onClick={cancel}>
              Cancel the run
            </button>
          </div>
        </dialog>
      </>
    );
  }
}
