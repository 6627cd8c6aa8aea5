import type { Metadata } from '@grpc/grpc-js';
import type { CalledBy, Caller } from './access/access.js';
import type { Role } from './access/access-table.js';

/** Under which handlers find who calls, and how that is known; whatever a peer sends under them is thrown away. */
const CALLER = 'x-onescan-caller';
const CALLED_BY = 'x-onescan-called-by';
const CALLER_ROLES = 'x-onescan-roles';

type WithMetadata = { readonly metadata: Metadata };

/** Notes who calls, for handlers; what the peer says of itself is gone. */
export function setCaller(metadata: Metadata, { name, by, roles }: Caller): void {
  metadata.set(CALLER, encodeURIComponent(name));
  metadata.set(CALLED_BY, by);
  metadata.set(CALLER_ROLES, [...roles].join(' '));
}

/** Throws away what a peer says that it is. */
export function clearCaller(metadata: Metadata): void {
  for (const name of [CALLER, CALLED_BY, CALLER_ROLES]) metadata.remove(name);
}

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

/** True when who called has a role. */
export function hasRole({ metadata }: WithMetadata, role: Role): boolean {
  const [roles] = metadata.get(CALLER_ROLES);
  return typeof roles === 'string' && roles.split(' ').includes(role);
}

/** The name in the certificate of who called; undefined when he was not known by one. */
export function certifiedName(call: WithMetadata): string | undefined {
  return calledBy(call) === 'certificate' ? callerOf(call) : undefined;
}
