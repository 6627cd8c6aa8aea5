/** Plain JSON values; numbers are finite (NaN and infinities become null through {@link jsonNumber}). */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

export interface JsonObject {
  [key: string]: JsonValue;
}

/** A number JSON can carry: finite, and never negative zero, else null for "not defined". */
export function jsonNumber(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}
