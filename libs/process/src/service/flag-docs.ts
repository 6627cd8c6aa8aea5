import { type Flag, type FlagTable, flagName } from './flag-table.js';

/** Columns of a terminal that help is written for. */
const WIDTH = 118;
const INDENT = 28;

/** A table's flags as a Markdown table; a page of docs/ holds it and a test compares the two. */
export function flagTableDoc(table: FlagTable): string {
  const lines = Object.entries(table).map(
    ([key, row]) => `| \`${usageOf(key, row).replaceAll('|', '\\|')}\` | ${withoutIt(row)} | ${row.doc} |`,
  );
  return ['| flag | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

/** A table's flags as lines for a terminal. */
export function flagHelp(table: FlagTable): string {
  return Object.entries(table)
    .map(([key, row]) => helpOf(key, row))
    .join('\n');
}

/** The flags of a table that must be given, as a usage line shows them. */
export function requiredFlags(table: FlagTable): string {
  return Object.entries(table)
    .filter(([, row]) => row.required)
    .map(([key, row]) => usageOf(key, row))
    .join(' ');
}

function usageOf(key: string, row: Flag): string {
  return `${flagName(key, row)} ${row.kind.value}`.trim();
}

function withoutIt({ required, default: text, unset }: Flag): string {
  return required ? 'required' : (text ?? unset ?? 'none');
}

function helpOf(key: string, row: Flag): string {
  const words = plain(`${row.doc}${noteOf(row)}`).split(' ');
  const head = `  ${usageOf(key, row)} `;
  const lines = [head.padEnd(INDENT)];
  if (head.length > INDENT) lines.push(' '.repeat(INDENT));
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > WIDTH) lines.push(' '.repeat(INDENT));
    lines[lines.length - 1] += `${word} `;
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

function noteOf(row: Flag): string {
  if (row.required) return ' (required)';
  return row.default === undefined && row.unset === undefined ? '' : ` (default: ${withoutIt(row)})`;
}

/** Markdown as text: links to other pages that stand by themselves are left out. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/ \(\[[^\]]*\]\([^)]*\)\)/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '');
}
