import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { StartRunRequest } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';

const MAX_NAME = 128;
const MAX_LABELS = 16;
const LABEL = /^[a-z][a-z0-9_.-]{0,62}$/;
const REQUEST_ID = /^[\x21-\x7e]{0,128}$/;
/** Control characters, and those that change the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** What a caller calls a run. */
export interface GivenTags {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** Hash of the whole request, to tell the same one sent again from another one under its id. */
  readonly requestSha256: string;
}

/**
 * Checks name, labels and request id of a request.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field
 */
export function runTags(request: StartRunRequest): GivenTags {
  const { name = '', labels = {} } = request.tags ?? {};
  const { requestId = '' } = request;
  if (!isShown(name))
    throw invalid('name', `has more than ${MAX_NAME} characters, or some that cannot be shown`);
  const entries = Object.entries(labels);
  if (entries.length > MAX_LABELS) throw invalid('labels', `are ${entries.length}, at most ${MAX_LABELS}`);
  for (const [key, value] of entries) {
    if (!LABEL.test(key))
      throw invalid('labels', `have a key that is not allowed: ${JSON.stringify(key.slice(0, 80))}`);
    if (!isShown(value))
      throw invalid('labels', `have a value of ${key} that is too long or cannot be shown`);
  }
  if (!REQUEST_ID.test(requestId)) throw invalid('request_id', 'is not 1 to 128 printable ASCII characters');
  return { name, labels, requestId, requestSha256: sha256Hex(StartRunRequest.encode(request).finish()) };
}

/** @throws OnescanError INVALID_ARGUMENT */
export function checkRequestId(requestId: string): void {
  if (!REQUEST_ID.test(requestId)) throw invalid('request_id', 'is not 1 to 128 printable ASCII characters');
}

function isShown(text: string): boolean {
  return text.length <= MAX_NAME && !UNPRINTABLE.test(text);
}

function invalid(field: string, what: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${field} ${what}`, { details: { field } });
}
