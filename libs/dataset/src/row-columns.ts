import { SHARED_PAIR } from './dataset.js';
import type { DatasetContent } from './dataset-content.js';
import {
  BAR_COLUMN,
  KEY_COLUMN,
  knownPartColumn,
  PERSISTENCE_COLUMN,
  targetValueColumn,
} from './dataset-layout.js';
import type { FixedWidthArray } from './float-vectors.js';

/** A named column of a table of the file. */
export interface NamedColumn {
  name: string;
  values: FixedWidthArray;
}

/**
 * The columns of `_rows` in order: key (epoch microseconds), bar, persistence, targets, known parts; of a shared
 * dataset the key only.
 */
export function rowColumns(content: DatasetContent): NamedColumn[] {
  const key = { name: KEY_COLUMN, values: content.keys };
  if (content.pair === SHARED_PAIR) return [key];
  return [
    key,
    { name: BAR_COLUMN, values: content.bar },
    { name: PERSISTENCE_COLUMN, values: content.persistence },
    ...content.targets.map(({ horizon, values }) => ({ name: targetValueColumn(horizon), values })),
    ...content.knownParts.map(({ horizon, values }) => ({ name: knownPartColumn(horizon), values })),
  ];
}
