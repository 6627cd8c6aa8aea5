import { statusArea } from '../terminal/status-area.js';
import type { Terminal } from '../terminal/terminal.js';

interface Step {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** Off a terminal a line at most this often. */
const PLAIN_INTERVAL_MS = 5_000;
const REDRAW_INTERVAL_MS = 100;

/** Shows how far a long local build is: one redrawn line on a terminal, now and then a line elsewhere. */
export function buildProgress(terminal: Terminal): { show(step: Step): void; close(): void } {
  const interval = terminal.redraws ? REDRAW_INTERVAL_MS : PLAIN_INTERVAL_MS;
  const area = statusArea(terminal);
  let last = Number.NEGATIVE_INFINITY;
  return {
    show: ({ stage, done, total }) => {
      if (terminal.now() - last < interval && done < total) return;
      last = terminal.now();
      const text = `warehouse: ${stage} ${done} of ${total}`;
      if (terminal.redraws) area.show([text]);
      else terminal.note(text);
    },
    close: area.clear,
  };
}
