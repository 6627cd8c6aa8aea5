import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { TableName } from '../../../catalogue/catalogue.js';

/** What may stand between backticks; everything else is refused, so no name can end the quotes. */
const COLUMN = /^[A-Za-z_][A-Za-z0-9_]{0,299}$/;
const TABLE = /^[A-Za-z0-9_-]{1,1024}$/;
const DATASET = /^[A-Za-z0-9_]{1,1024}$/;
const PROJECT = /^[a-z][a-z0-9.:-]{2,126}[a-z0-9]$/;

/** Why a column cannot be named in a statement; undefined when it can. */
export function nameProblem(table: string, column: string): string | undefined {
  if (!TABLE.test(table)) return 'the name of its table has characters other than letters, digits, _ and -';
  return COLUMN.test(column) ? undefined : 'its name has characters other than letters, digits and _';
}

/** A column in backticks. Throws FAILED_PRECONDITION for a name that is not allowed. */
export function columnName(name: string): string {
  return quoted('column', name, COLUMN);
}

/** Project, dataset and table in backticks. */
export function tableName(project: string, table: TableName): string {
  return `${datasetName(project, table.schema)}.${quoted('table', table.name, TABLE)}`;
}

/** Project and dataset in backticks. */
export function datasetName(project: string, dataset: string): string {
  return `${quoted('project', project, PROJECT)}.${quoted('dataset', dataset, DATASET)}`;
}

function quoted(kind: string, name: string, allowed: RegExp): string {
  if (allowed.test(name)) return `\`${name}\``;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `${kind} name ${JSON.stringify(name)} cannot stand in a BigQuery statement`,
    {
      remedy:
        kind === 'project' || kind === 'dataset'
          ? 'Give the right name to --warehouse, --features-dataset or --targets-dataset'
          : 'Rename it in the warehouse, or take it out of the universe with universe.exclude',
    },
  );
}
