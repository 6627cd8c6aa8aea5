import { type ErrorDetails, OnescanError } from '@onescan/contract/onescan-error.js';
import { z } from 'zod';

/** Names of refusals, as they are kept in files and in the details of errors. */
export const refusalSchema = z.enum(['complexity', 'length', 'tables', 'columns', 'result', 'resources']);

/**
 * Why a warehouse does not take a statement of which it may take each half: it is too complex to be planned, its text
 * too long, its tables or columns too many, its result too large; or it ran out of resources while it ran.
 */
export type StatementRefusal = z.infer<typeof refusalSchema>;

/** Part of an error's details by which {@link refusalOf} knows it. */
export function refusalDetails(refusal: StatementRefusal | undefined): ErrorDetails {
  return refusal === undefined ? {} : { refusal };
}

/** Undefined for errors of which smaller statements would die too. */
export function refusalOf(thrown: unknown): StatementRefusal | undefined {
  return thrown instanceof OnescanError ? refusalSchema.safeParse(thrown.details.refusal).data : undefined;
}
