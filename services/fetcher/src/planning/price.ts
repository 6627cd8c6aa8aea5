const TIB_BYTES = 2 ** 40;

/** Dollars for billed bytes. */
export function priceOf(bytes: bigint, pricePerTibUsd: number): number {
  return (Number(bytes) / TIB_BYTES) * pricePerTibUsd;
}
