import type { Terminal } from '../terminal/terminal.js';

/** Writes one JSON document, indented for people who look at it. */
export function writeJson(terminal: Terminal, document: unknown): Promise<void> {
  return terminal.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** Writes one line of a JSON-lines stream. */
export function writeJsonLine(terminal: Terminal, document: unknown): Promise<void> {
  return terminal.write(`${JSON.stringify(document)}\n`);
}
