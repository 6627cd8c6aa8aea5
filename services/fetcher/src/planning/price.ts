/** On-demand price of the warehouse in US dollars a TiB of billed bytes. */
export const DEFAULT_PRICE_PER_TIB_USD = 6.25;

const TIB_BYTES = 2 ** 40;

/** Dollars for billed bytes. */
export function priceOf(bytes: bigint, pricePerTibUsd: number): number {
  return (Number(bytes) / TIB_BYTES) * pricePerTibUsd;
}
