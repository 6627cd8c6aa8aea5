/** Columns of a CSV by what a bar needs of them. */
export interface BarFormat {
  /** Names of the columns of a file without header, by the separator of its first line; undefined: it has a header. */
  readonly headerless?: Readonly<Record<string, HeaderlessColumns>>;
  /** Columns that can hold the time, each with the formats it is written in; none: ISO 8601 or an epoch. */
  readonly times: Readonly<Record<string, readonly string[]>>;
  /** The column that holds the volume. */
  readonly volume: string;
  /** Zone of times that do not say theirs; undefined: it must be given. */
  readonly timeZone: string | undefined;
}

export interface HeaderlessColumns {
  readonly names: readonly string[];
}

const METATRADER_TIMES = ['%Y.%m.%d %H:%M:%S', '%Y.%m.%d %H:%M', '%Y.%m.%d'];
const METATRADER_COLUMNS = { names: ['date', 'time', 'open', 'high', 'low', 'close', 'volume'] };

/** Names of the one column that holds the time when a file has a header of its own; `date` goes before a bare clock. */
const PLAIN_TIMES: BarFormat['times'] = {
  time: [],
  timestamp: [],
  datetime: [],
  interval_time: [],
  date: [],
};

const DUKASCOPY_CLOCKS = ['%d.%m.%Y %H:%M:%S.%f', '%d.%m.%Y %H:%M:%S'];

/** The exports that are known, by name; see docs/warehouse.md. */
export const BAR_FORMATS = {
  columns: { times: PLAIN_TIMES, volume: 'volume', timeZone: 'UTC' },
  tradingview: { times: { time: [] }, volume: 'volume', timeZone: 'UTC' },
  mt4: {
    headerless: { ',': METATRADER_COLUMNS },
    times: { time: METATRADER_TIMES },
    volume: 'volume',
    timeZone: undefined,
  },
  mt5: {
    times: { time: METATRADER_TIMES, date: METATRADER_TIMES },
    volume: 'tickvol',
    timeZone: undefined,
  },
  histdata: {
    headerless: {
      ';': { names: ['time', 'open', 'high', 'low', 'close', 'volume'] },
      ',': METATRADER_COLUMNS,
    },
    times: { time: ['%Y%m%d %H%M%S', '%Y.%m.%d %H:%M'] },
    volume: 'volume',
    // Eastern standard time all year round.
    timeZone: '-05:00',
  },
  dukascopy: {
    times: {
      'gmt time': DUKASCOPY_CLOCKS,
      'local time': DUKASCOPY_CLOCKS.map((clock) => `${clock} GMT%z`),
      'time (utc)': METATRADER_TIMES,
    },
    volume: 'volume',
    timeZone: 'UTC',
  },
} as const satisfies Readonly<Record<string, BarFormat>>;

export type BarFormatName = keyof typeof BAR_FORMATS;

export const barFormat = (name: BarFormatName): BarFormat => BAR_FORMATS[name];
