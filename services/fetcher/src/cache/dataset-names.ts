import { OnescanError } from '@onescan/contract/onescan-error.js';
import { isPair, requirePair } from '@onescan/contract/pair.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';

/** A SHA-256, as hexadecimal digits. */
const DATASET_ID = /^[0-9a-f]{64}$/;
/** A dataset may be named by eight or more first characters of its id. */
export const ID_PREFIX = /^[0-9a-f]{8,64}$/;
/** Name of a file in the cache; no path. */
const FILE_NAME = /^[^/\\\0]{1,255}\.duckdb$/;
const SHOWN = 80;

/**
 * Checks what becomes a file name.
 *
 * @throws OnescanError INVALID_ARGUMENT unless the pair is one of the 28 or "shared", and the id a SHA-256
 */
export function requireDatasetName(pair: string, datasetId: string): void {
  if (!isPair(pair) && pair !== SHARED_PAIR)
    throw invalid('pair', pair, 'is neither a known pair nor "shared"');
  requireDatasetId('dataset_id', datasetId);
}

/** @throws OnescanError INVALID_ARGUMENT unless it is a whole identifier */
export function requireDatasetId(field: string, datasetId: string): void {
  if (!DATASET_ID.test(datasetId)) throw invalid(field, datasetId, 'is not 64 hexadecimal digits');
}

/**
 * Checks the names in a request for a pair before anything is done; an identifier that is not given is empty or unset.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field
 */
export function requirePairNames(request: {
  readonly pair: string;
  readonly datasetId?: string;
  readonly sharedDatasetId?: string;
  readonly withinDatasetId?: string | undefined;
  readonly sharedWithinDatasetId?: string | undefined;
}): void {
  requirePair(request.pair);
  const ids = {
    dataset_id: request.datasetId,
    shared_dataset_id: request.sharedDatasetId,
    within_dataset_id: request.withinDatasetId,
    shared_within_dataset_id: request.sharedWithinDatasetId,
  };
  for (const [field, id] of Object.entries(ids)) if (id) requireDatasetId(field, id);
}

/** @throws OnescanError INVALID_ARGUMENT unless it is an identifier, the beginning of one, or the name of a cached file */
export function requireDatasetQuery(datasetId: string): void {
  if (ID_PREFIX.test(datasetId) || FILE_NAME.test(datasetId)) return;
  throw invalid(
    'dataset_id',
    datasetId,
    'is neither 8 to 64 hexadecimal digits nor the name of a cached file',
  );
}

function invalid(field: string, value: string, what: string): OnescanError {
  const shown = value.length > SHOWN ? `${value.slice(0, SHOWN)}...` : value;
  return new OnescanError('INVALID_ARGUMENT', `${field}: "${shown}" ${what}`, {
    remedy: 'List the cached datasets with `onescan cache ls`',
    details: { field },
  });
}
