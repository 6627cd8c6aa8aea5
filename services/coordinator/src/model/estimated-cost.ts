import type { Plan, Statement } from '@onescan/shared/generated/onescan/v1/plan.js';

const TIB = 1024 ** 4;

/** Price of bytes that a plan's warehouse bills, in dollars. */
export function priceOf(bytes: bigint, { pricePerTibUsd }: Pick<Plan, 'pricePerTibUsd'>): number {
  return (Number(bytes) / TIB) * pricePerTibUsd;
}

/** What the statements of a dataset were estimated to bill, whatever of them is there or was paid for by now. */
export function estimatedBytes({ statements }: { readonly statements: readonly Statement[] }): bigint {
  return statements.reduce((sum, { bytes }) => sum + bytes, 0n);
}
