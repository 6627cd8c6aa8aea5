import type { Metadata } from '@grpc/grpc-js';
import type { CalledBy } from './access/access.js';

/** Under which handlers find who calls, and how that is known; whatever a peer sends under them is thrown away. */
export const CALLER = 'x-onescan-caller';
export const CALLED_BY = 'x-onescan-called-by';

type WithMetadata = { readonly metadata: Metadata };

/** Who called, by what the server knows; empty when it knows nobody. */
export function callerOf({ metadata }: WithMetadata): string {
  const [name] = metadata.get(CALLER);
  return typeof name === 'string' ? decodeURIComponent(name) : '';
}

/** How the server knows who called. */
export function calledBy({ metadata }: WithMetadata): CalledBy {
  const [by] = metadata.get(CALLED_BY);
  return (typeof by === 'string' ? by : 'machine') as CalledBy;
}

/** The name in the certificate of who called; undefined when he was not known by one. */
export function certifiedName(call: WithMetadata): string | undefined {
  return calledBy(call) === 'certificate' ? callerOf(call) : undefined;
}
