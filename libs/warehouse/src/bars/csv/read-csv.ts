import { badFile } from '../bad-bars.js';
import { BarColumns, type BarValues, type ReadBars, VALUES } from '../bar-columns.js';
import type { BarReader } from '../bar-reading.js';
import { FileTimes } from '../time/file-times.js';
import { type CsvLayout, csvLayout } from './csv-layout.js';
import { readLines } from './read-lines.js';
import { splitFields } from './split-fields.js';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** A line of tabs is one of empty fields. */
const BLANK = /^ *$/;
/** `9:30`, `0930` or `093000`: no time of its own, whatever the format. */
const CLOCK_ONLY = /^(?:\d{1,2}:\d{2}.*|\d{4}|\d{6})$/;

/**
 * Reads the bars of a CSV: every line that is not blank is one bar, or an error that names it. Times are UTC.
 *
 * @throws OnescanError INVALID_ARGUMENT naming file, line and remedy; AbortError when the signal fires
 */
export async function readCsv(file: string, reader: BarReader, signal?: AbortSignal): Promise<ReadBars> {
  const columns = new BarColumns();
  const times = new FileTimes(file, reader);
  /** Line of each bar, where bars do not simply follow the header: [row, lines before it that are no bars]. */
  const skipped: [row: number, lines: number][] = [];
  let layout: CsvLayout | undefined;
  let notBars = 0;
  await readLines(
    file,
    (line, number) => {
      const blank = BLANK.test(line);
      if (blank || layout === undefined) {
        const isHeader = !blank;
        if (isHeader) layout = requireLayout(file, line, number, reader);
        if (!isHeader || layout!.hasHeader) {
          skipped.push([columns.rows, ++notBars]);
          return;
        }
      }
      const fields = requireFields(file, line, number, layout!);
      const text = timeText(fields, layout!);
      const time = times.read(text, layout!.timeFormats, () => `line ${number}`);
      columns.push(
        time,
        layout!.values.map((at, i) =>
          readNumber(file, number, VALUES[i]!, fields[at]!),
        ) as unknown as BarValues,
      );
    },
    signal,
  );
  if (layout === undefined) throw badFile(file, 'is empty', 'It needs a header and bars');
  const placeOf = (row: number): string => `line ${row + 1 + linesBefore(skipped, row)}`;
  times.toUtc(columns, placeOf);
  return { columns, placeOf };
}

function linesBefore(skipped: readonly [number, number][], row: number): number {
  return skipped.findLast(([from]) => from <= row)?.[1] ?? 0;
}

function requireLayout(file: string, line: string, number: number, reader: BarReader): CsvLayout {
  const layout = csvLayout(line, reader.format);
  if (!('problem' in layout)) return layout;
  if (line.trimStart().startsWith('#')) throw comment(file, number);
  throw badFile(file, layout.problem, layout.remedy);
}

function requireFields(file: string, line: string, number: number, layout: CsvLayout): string[] {
  const fields = splitFields(line, layout.separator);
  if (fields === undefined) {
    throw badFile(file, `line ${number} has a quote that is not closed, or within a field`, 'Check the line');
  }
  if (fields.length === layout.fields) return fields;
  if (line.trimStart().startsWith('#')) throw comment(file, number);
  throw badFile(
    file,
    `line ${number} has ${fields.length} fields, not ${layout.fields}: "${line.slice(0, 80)}"`,
    'Is the line cut off, or are there thousands separators or decimal commas? Numbers are written as 1234.5',
  );
}

function comment(file: string, number: number): Error {
  return badFile(file, `line ${number} is a comment`, 'Remove it: every line is a bar');
}

function timeText(fields: readonly string[], { time, date }: CsvLayout): string {
  const text = fields[time]!;
  return date !== undefined && CLOCK_ONLY.test(text) ? `${fields[date]} ${text}` : text;
}

function readNumber(file: string, line: number, column: string, text: string): number {
  if (NUMBER.test(text)) return Number(text);
  if (text === '') {
    const remedy =
      column === 'volume' ? 'Write 0 where the volume is unknown' : 'Leave bars without prices out';
    throw badFile(file, `line ${line} has an empty ${column}`, remedy);
  }
  throw badFile(
    file,
    `line ${line} has ${column === 'open' ? 'an' : 'a'} ${column} that is not a number: "${text.slice(0, 40)}"`,
    'Write finite numbers with a decimal point and without thousands separators, such as 1234.5',
  );
}
