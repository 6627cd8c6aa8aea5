import { statusArea } from '../terminal/status-area.js';
import type { Terminal } from '../terminal/terminal.js';
import type { RunView } from './run-view.js';
import { statusLine, statusLines } from './status-lines.js';

/** Where the progress of a run is shown: lines that stay, and a status that is replaced. */
export interface ProgressDisplay {
  line(text: string): void;
  /** Shows the status of now; how and how often is the display's matter. */
  status(view: RunView): void;
  /** Takes the status away, so that other text can follow; the next status shows it again. */
  close(): void;
}

/** Off a terminal: at most one status line in this time, counted from the last line of any kind. */
const PLAIN_INTERVAL_MS = 10_000;
/** On a terminal: redraws at most this often. */
const REDRAW_INTERVAL_MS = 100;

/** The display that fits the terminal: redrawn where that works, plain lines elsewhere. */
export function progressDisplay(terminal: Terminal): ProgressDisplay {
  return terminal.redraws ? redrawnDisplay(terminal) : plainDisplay(terminal);
}

function plainDisplay(terminal: Terminal): ProgressDisplay {
  const start = terminal.now();
  let lastWritten = start;
  const write = (text: string): void => {
    lastWritten = terminal.now();
    terminal.note(text);
  };
  return {
    line: write,
    status: (view) => {
      const now = terminal.now();
      if (now - lastWritten >= PLAIN_INTERVAL_MS) write(statusLine(view, (now - start) / 1000));
    },
    close: () => undefined,
  };
}

function redrawnDisplay(terminal: Terminal): ProgressDisplay {
  const start = terminal.now();
  const area = statusArea(terminal);
  let lastDrawn = Number.NEGATIVE_INFINITY;
  let latest: RunView | undefined;
  const draw = (above: string): void => {
    const now = terminal.now();
    area.show(latest ? statusLines(latest, (now - start) / 1000, terminal.columns) : [], above);
    lastDrawn = now;
  };
  return {
    line: (text) => draw(`${text}\n`),
    status: (view) => {
      latest = view;
      if (terminal.now() - lastDrawn >= REDRAW_INTERVAL_MS) draw('');
    },
    close: () => {
      area.clear();
      latest = undefined;
    },
  };
}
