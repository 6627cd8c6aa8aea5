import type { Metadata } from '@grpc/grpc-js';
import type { CalledBy, Caller, Evidence } from './access/access.js';
import type { Role } from './access/access-table.js';
import { bearerHash } from './access/roles-file.js';

/** Under which handlers find who calls, and how that is known; whatever a peer sends under them is thrown away. */
const CALLER = 'x-onescan-caller';
const CALLED_BY = 'x-onescan-called-by';
const CALLER_ROLES = 'x-onescan-roles';
const CALLER_PROOF = 'x-onescan-proof';

type WithMetadata = { readonly metadata: Metadata };

/**
 * What a caller was known by, without anything that would let another call as he: later it says whether he still may.
 */
export type Proof =
  | { readonly by: 'socket' | 'machine' }
  | { readonly by: 'token'; readonly hash: string }
  | {
      readonly by: 'certificate';
      readonly name: string;
      readonly fingerprint: string;
      readonly expires: number;
    };

/** Notes who calls, for handlers; what the peer says of itself is gone. */
export function setCaller(
  metadata: Metadata,
  { name, by, roles }: Caller,
  evidence: Evidence = { certificate: undefined, authorization: undefined },
): void {
  metadata.set(CALLER, encodeURIComponent(name));
  metadata.set(CALLED_BY, by);
  metadata.set(CALLER_ROLES, [...roles].join(' '));
  metadata.set(CALLER_PROOF, encodeURIComponent(JSON.stringify(proofFrom(by, evidence))));
}

/** Throws away what a peer says that it is. */
export function clearCaller(metadata: Metadata): void {
  for (const name of [CALLER, CALLED_BY, CALLER_ROLES, CALLER_PROOF]) metadata.remove(name);
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

/** What who called was known by. */
export function proofOf({ metadata }: WithMetadata): Proof {
  const [proof] = metadata.get(CALLER_PROOF);
  return typeof proof === 'string' ? (JSON.parse(decodeURIComponent(proof)) as Proof) : { by: 'machine' };
}

/** What whoever has a bearer token is known by. */
export function bearerProof(token: string): Extract<Proof, { by: 'token' }> {
  return { by: 'token', hash: bearerHash(token).toString('hex') };
}

function proofFrom(by: CalledBy, { certificate, authorization }: Evidence): Proof {
  if (by === 'token') return bearerProof(authorization ?? '');
  if (by !== 'certificate') return { by };
  const { name = '', fingerprint = '', expires = 0 } = certificate ?? {};
  return { by, name, fingerprint, expires };
}
