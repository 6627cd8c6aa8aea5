import { cpus } from 'node:os';

/**
 * Prints measurements as a table, or as one line of JSON.
 *
 * @param title what was measured
 * @param rows objects with the same keys; numbers are shown with 4 significant digits
 * @param json whether to print JSON
 */
export function printTable(title, rows, json) {
  const machine = `${cpus().length} x ${cpus()[0].model}, Node ${process.versions.node}`;
  if (json) {
    console.log(JSON.stringify({ title, machine, rows }));
    return;
  }
  const keys = Object.keys(rows[0]);
  const cells = [keys, ...rows.map((row) => keys.map((key) => cell(row[key])))];
  const widths = keys.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  console.log(`\n${title} (${machine})`);
  for (const line of cells)
    console.log(
      line
        .map((text, i) => text.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    );
}

function cell(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}` : value.toPrecision(4);
  return `${value ?? '-'}`;
}
