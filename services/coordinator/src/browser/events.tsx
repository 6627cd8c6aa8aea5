import { Component, h, type JSX } from '/lib/preact.js';
import { type EventLine, MAX_LINES } from './event-lines.js';
import { LINES_SHOWN, update } from './store.js';
import { clockText, count, shown, timeText } from './words.js';

interface Props {
  readonly lines: readonly EventLine[];
  readonly shownLines: number;
}

/** What has happened, the newest first; older lines are drawn when they are asked for. */
export class Events extends Component<Props> {
  override shouldComponentUpdate({ lines, shownLines }: Props): boolean {
    return lines !== this.props.lines || shownLines !== this.props.shownLines;
  }

  override render({ lines, shownLines }: Props): JSX.Element {
    const drawn = lines.slice(-shownLines).reverse();
    return (
      <section class="card" aria-labelledby="events-title">
        <h2 id="events-title">
          Events{' '}
          <small>{lines.length === MAX_LINES ? `the newest ${count(MAX_LINES)}` : count(lines.length)}</small>
        </h2>
        <Newest line={lines.at(-1)} />
        <ol class="events" tabIndex={0} aria-label="Events, the newest first">
          {drawn.map((line) => (
            <Line key={line.sequence} line={line} />
          ))}
        </ol>
        {lines.length > shownLines ? (
          <button type="button" onClick={() => update({ linesShown: shownLines + 5 * LINES_SHOWN })}>
            Show older events
          </button>
        ) : null}
      </section>
    );
  }
}

/** What a screen reader is told, a line at a time. */
function Newest({ line }: { line: EventLine | undefined }): JSX.Element {
  return (
    <p class="hidden" role="log" aria-live="polite">
      {line ? shown(line.text) : ''}
    </p>
  );
}

class Line extends Component<{ line: EventLine }> {
  override shouldComponentUpdate({ line }: { line: EventLine }): boolean {
    return line !== this.props.line;
  }

  override render({ line }: { line: EventLine }): JSX.Element {
    return (
      <li class={line.kind}>
        <time dateTime={line.time} title={timeText(line.time)}>
          {clockText(line.time)}
        </time>
        <span>{shown(line.text)}</span>
      </li>
    );
  }
}
