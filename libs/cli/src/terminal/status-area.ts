import { shownLine, shownText } from '@onescan/contract/format/shown-text.js';
import { displayWidth, fitWidth } from './display-width.js';
import type { Terminal } from './terminal.js';

/** Lines at the bottom of a terminal that are replaced by others. */
export interface StatusArea {
  /** Shows these lines in place of those before. `above` is text that stays, with its line break. */
  show(lines: readonly string[], above?: string): void;
  /** Takes the lines away, so that other text can follow. */
  clear(): void;
}

const ERASE_BELOW = '\u001b[0J';

/** What is written to draw a text in place of the rows above; the only place where a terminal is steered. */
export function redrawing(text: string, rowsUp: number): string {
  return `${rowsUp > 0 ? `\u001b[${rowsUp}A\r${ERASE_BELOW}` : ''}${shownText(text)}`;
}

/** A status area on a terminal that can be redrawn; it survives that the terminal is made narrower or wider. */
export function statusArea(terminal: Terminal): StatusArea {
  let widths: number[] = [];
  const rowsDrawn = (): number => {
    // A terminal that was made narrower has wrapped what was drawn.
    const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / terminal.columns)), 0);
    return Math.min(rows, terminal.rows - 1);
  };
  return {
    show: (lines, above = '') => {
      const fitting = fitRows(lines, terminal.rows - 1).map((line) =>
        fitWidth(shownLine(line), terminal.columns - 1),
      );
      terminal.draw(`${above}${fitting.map((line) => `${line}\n`).join('')}`, rowsDrawn());
      widths = fitting.map(displayWidth);
    },
    clear: () => {
      if (widths.length > 0) terminal.draw('', rowsDrawn());
      widths = [];
    },
  };
}

/** What scrolled away at the top could not be taken back. */
function fitRows(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  const shown = Math.max(1, rows - 1);
  return [...lines.slice(0, shown), `  and ${lines.length - shown} more`].slice(0, Math.max(1, rows));
}
