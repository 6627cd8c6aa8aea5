/** A time that was read from text or a number. */
export interface ReadTime {
  /** Microseconds since 1970: of the instant when `instant`, else of what the clock of some zone showed. */
  readonly micros: number;
  /** True when the text itself says which instant it is (an offset from UTC, an epoch). */
  readonly instant: boolean;
}

/** Reads one way of writing times; undefined when the text is not written that way, or no such time exists. */
export type TimeReader = (text: string) => ReadTime | undefined;
