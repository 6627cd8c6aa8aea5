import { badFile } from '../bad-bars.js';
import type { BarColumns } from '../bar-columns.js';
import type { BarReader } from '../bar-reading.js';
import type { TimeReader } from './time-reader.js';
import { wallTimesToUtc } from './to-utc.js';
import { wallText } from './wall-time.js';

/** The times of one file, all written the same way: the first one decides. */
export class FileTimes {
  private reader: TimeReader | undefined;
  /** True when the times are instants, so that no zone applies; undefined before the first. */
  private instant: boolean | undefined;

  constructor(
    private readonly file: string,
    private readonly bars: BarReader,
  ) {}

  /**
   * The time of a text in microseconds, in the zone of the file.
   *
   * @param place where it stands, for the message
   * @throws OnescanError INVALID_ARGUMENT when it is not written as the first one, or can be read two ways
   */
  read(text: string, formats: readonly string[], place: () => string): number {
    if (text === '')
      throw badFile(this.file, `${place()} has an empty time`, 'Leave bars without a time out');
    if (this.reader === undefined) {
      const chosen = this.bars.timeReader(text, formats);
      if (typeof chosen !== 'function')
        throw badFile(this.file, `${place()}: ${chosen.problem}`, chosen.remedy);
      this.reader = chosen;
    }
    const time = this.reader(text);
    if (time === undefined) throw this.unread(text, formats, place());
    if (this.instant !== undefined && this.instant !== time.instant) {
      throw badFile(
        this.file,
        `${place()} has a time ${time.instant ? 'with' : 'without'} an offset from UTC, unlike the bars before: "${text}"`,
        'Write all times with an offset, or none',
      );
    }
    this.instant = time.instant;
    return time.micros;
  }

  /** Says that the times of the file are wall times or instants without being text. */
  areInstants(instant: boolean): void {
    this.instant = instant;
  }

  /** Turns the times that were read into UTC, in place. */
  toUtc({ time, rows }: BarColumns, placeOf: (row: number) => string): void {
    if (this.instant !== false) return;
    const change = wallTimesToUtc(time, rows, this.bars.zone);
    if (change === undefined) return;
    if (change.kind === 'unsorted') {
      const problem = `${placeOf(change.row)} is not sorted by time, beyond what clocks that are put back explain`;
      throw badFile(this.file, problem, 'Sort the bars by time, oldest first');
    }
    const { name } = this.bars.zone;
    const problem =
      change.kind === 'skipped'
        ? `has a time that did not exist in ${name}, where clocks were put forward: ${wallText(change.wall)}`
        : `has a time that came twice in ${name}, where clocks were put back, and the order of the bars does not tell which: ${wallText(change.wall)}`;
    throw badFile(
      this.file,
      `${placeOf(change.row)} ${problem}`,
      'Check --time-zone, or write times with their offset from UTC (2020-01-31 23:55:00+02:00)',
    );
  }

  private unread(text: string, formats: readonly string[], place: string): Error {
    const { timeFormat } = this.bars.named;
    const expected = timeFormat ?? formats.join(' or ');
    return badFile(
      this.file,
      expected === ''
        ? `${place} has a time that is not written like those before: "${text.slice(0, 60)}"`
        : `${place} has a time that is not ${expected}: "${text.slice(0, 60)}"`,
      'Write all times the same way, each a day and hour that exist, or check --time-format and --bars-format',
    );
  }
}
