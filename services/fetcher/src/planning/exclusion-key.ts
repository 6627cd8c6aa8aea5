import { canonicalJson } from '@onescan/contract/canonical-json.js';
import type { StatementRefusal } from '@onescan/contract/reasons/exclusion-reasons.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';

/** As refusals are spelt in the ids of datasets. */
const REFUSALS: Readonly<Record<StatementRefusal, string>> = {
  complexity: 'the warehouse calls it too complex',
  length: 'its text is too long for the warehouse',
  tables: 'it reads more tables than the warehouse allows, those below views counted',
  columns: 'it has more columns than the warehouse allows',
  result: 'its result is too large for the warehouse',
  resources: 'the warehouse ran out of resources with it',
};

/**
 * How an exclusion stands in the identity of a dataset, whose hash is the dataset's id. These are keys that happen to be
 * sentences, since they were sentences when datasets were paid for: another spelling of one would make every dataset with
 * such a column another one. Nobody reads them, and the wording of reasons is elsewhere.
 */
export function exclusionKey(exclusion: ExclusionReason): string {
  switch (exclusion.code) {
    case 'future_name':
      return `its name matches /${exclusion.facts.pattern}/: it holds future values`;
    case 'future_lineage':
      return `by its lineage it holds future values (${exclusion.facts.why})`;
    case 'point_in_time':
      return `a point in time (${exclusion.facts.type}) is not a feature`;
    case 'not_a_number':
      return `its type ${exclusion.facts.type} cannot be made a number`;
    case 'name_differs_in_case':
      return `its name differs from ${exclusion.facts.other} only in case`;
    case 'unreadable_column':
      return exclusion.facts.problem;
    case 'unreadable_table':
      return `its table ${exclusion.facts.problem}`;
    case 'refused_table':
      return `a statement of its table alone is refused: ${REFUSALS[exclusion.facts.refusal]}`;
    case 'keyless_table': {
      const { key, type } = exclusion.facts;
      return type === undefined
        ? `its table has no ${key}`
        : `its table has ${key} as ${type}, not TIMESTAMP`;
    }
    case 'unspecified':
      return exclusion.facts.text;
    default:
      return canonicalJson(exclusion);
  }
}
