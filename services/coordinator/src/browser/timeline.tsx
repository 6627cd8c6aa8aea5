import { formatDuration } from '/lib/format/duration.js';
import { Component, h, type JSX } from '/lib/preact.js';
import { call } from './api.js';
import { attempt } from './live.js';
import { count, shown } from './words.js';

/** Spans that are drawn at first, and more at each request. */
const AT_FIRST = 100;

interface Span {
  readonly depth: number;
  readonly name: string;
  readonly of: string;
  readonly service: string;
  readonly fromMs: number;
  readonly tookMs: number;
  readonly failed: string;
}

interface Drawn {
  readonly spans: readonly Span[] | undefined;
  readonly total: number;
  readonly most: number;
}

/** What of a run took how long, as its spans tell: asked for when it is unfolded, and again by a button. */
export class Timeline extends Component<{ readonly runId: string }, Drawn> {
  override state: Drawn = { spans: undefined, total: 0, most: AT_FIRST };

  override render({ runId }: { readonly runId: string }, { spans, total, most }: Drawn): JSX.Element {
    const read = (): Promise<void> =>
      attempt(async () => {
        this.setState(await call<{ spans: Span[]; total: number }>('getTrace', { runId }));
      });
    return (
      <details
        class="card"
        onToggle={(event) => (event.currentTarget.open && !spans ? void read() : undefined)}
      >
        <summary>
          <h2>Timeline</h2>
        </summary>
        {spans ? <Spans spans={spans} most={most} /> : <p class="soft">Loading</p>}
        <div class="actions">
          <button type="button" onClick={() => void read()}>
            Read again
          </button>
          {spans && spans.length > most ? (
            <button type="button" onClick={() => this.setState({ most: most + 5 * AT_FIRST })}>
              Show more
            </button>
          ) : null}
          {spans && total > spans.length ? (
            <span class="soft">
              {count(total - spans.length)} deeper ones are in <code>onescan trace {runId}</code>
            </span>
          ) : null}
        </div>
      </details>
    );
  }
}

function Spans({ spans, most }: { spans: readonly Span[]; most: number }): JSX.Element {
  if (spans.length === 0) return <p class="soft">No span of it has ended, or tracing is off.</p>;
  const total = Math.max(1, ...spans.map(({ fromMs, tookMs }) => fromMs + tookMs));
  return (
    <section class="scroll" tabIndex={0} aria-label="Spans of the run">
      <table class="list spans">
        <thead>
          <tr>
            <th scope="col">Span</th>
            <th scope="col">Service</th>
            <th scope="col" class="right">
              After
            </th>
            <th scope="col" class="right">
              Took
            </th>
            <th scope="col">
              <span class="hidden">When</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {spans.slice(0, most).map((span, i) => (
            <Row key={String(i)} span={span} total={total} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ span, total }: { span: Span; total: number }): JSX.Element {
  const { depth, name, of, service, fromMs, tookMs, failed } = span;
  const width = Math.max(0.5, (100 * tookMs) / total);
  return (
    <tr>
      <th scope="row" class={`depth-${Math.min(depth, 5)}`}>
        {shown(name)} <small>{shown(of)}</small>
        {failed === '' ? null : <small class="bad">failed: {shown(failed)}</small>}
      </th>
      <td>{shown(service)}</td>
      <td class="right">{duration(fromMs)}</td>
      <td class="right">{duration(tookMs)}</td>
      <td class="when">
        <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
          <rect
            class={failed === '' ? '' : 'bad'}
            x={Math.min(99.5, (100 * fromMs) / total)}
            width={width}
            height="1"
          />
        </svg>
      </td>
    </tr>
  );
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : formatDuration(ms / 1_000);
}
