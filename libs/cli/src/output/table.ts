/** A column of a printed table. */
export interface TableColumn<Row> {
  title: string;
  text(row: Row): string;
  /** Numbers are aligned to the right. */
  align?: 'left' | 'right';
}

const GAP = '  ';

/** Rows as aligned columns under a ruled title line; no trailing blanks, ends with a line break. */
export function renderTable<Row>(columns: readonly TableColumn<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...cells.map((line) => line[i]!.length)),
  );
  const renderLine = (line: readonly string[]): string =>
    line
      .map((text, i) => (columns[i]!.align === 'right' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join(GAP)
      .trimEnd();
  const title = renderLine(columns.map((column) => column.title));
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  return `${[title, rule, ...cells.map(renderLine)].join('\n')}\n`;
}
