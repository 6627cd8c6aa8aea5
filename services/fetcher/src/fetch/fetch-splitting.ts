import { OnescanError } from '@onescan/contract/onescan-error.js';
import { tableText } from '../catalogue/catalogue.js';
import { halveStatement, knownSplit } from '../planning/apply-split.js';
import type { KnownSplits } from '../planning/known-splits.js';
import { statementSize } from '../planning/statement-size.js';
import { refusalOf, type StatementRefusal } from '../warehouse/statement-refusal.js';
import { type FetchEnvironment, type Fetched, type FetchOrder, fetchDataset } from './fetch-dataset.js';

interface SplittingEnvironment extends FetchEnvironment {
  readonly rules: { readonly known?: KnownSplits };
}

/**
 * {@link fetchDataset}; a statement that the warehouse cannot run, which its dry run did not tell, is halved in the next
 * plan. The others stay as they are, so that none is paid for twice.
 *
 * @throws OnescanError what the fetch failed with; the remedy says what the next plan does about it
 */
export async function fetchSplitting(environment: SplittingEnvironment, order: FetchOrder): Promise<Fetched> {
  let position = 0;
  try {
    return await fetchDataset(environment, {
      ...order,
      onStatement: (at) => {
        position = at;
      },
    });
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (!refusal) throw thrown;
    throw splitFurther(order, { position, refusal, error: thrown as OnescanError }, environment.rules.known);
  }
}

function splitFurther(
  { planned }: FetchOrder,
  { position, refusal, error }: { position: number; refusal: StatementRefusal; error: OnescanError },
  known: KnownSplits | undefined,
): OnescanError {
  const { pair, statements, splitKey, refused } = planned;
  const { query, statement } = statements[position]!;
  const of = statements.length === 1 ? 'the statement' : `statement ${position + 1} of ${statements.length}`;
  const message = `${of} of ${pair}: ${error.message}`;
  const details = { ...error.details, pair };
  const halves = halveStatement(statements, position);
  if (!halves) {
    const [table] = query.tables.map((each) => tableText(each.table));
    const remedy =
      table === undefined
        ? 'It reads the targets alone: sample fewer rows, or ask for fewer horizons'
        : `It reads a single column of ${table}: leave that out with universe.exclude, or make it a table if it is a view`;
    return new OnescanError(error.code, message, { remedy, details, cause: error });
  }
  const { tables, columns, sqlLength } = statementSize(query, statement);
  known?.refuseAtRun({ tables, columns, length: sqlLength }, refusal);
  known?.remember(splitKey, knownSplit(halves, refusal, refused));
  const remedy = `Nothing was billed for it. Resume the run: ${pair} is planned again in ${halves.length} statements and waits for approval; what was paid for is not run again`;
  return new OnescanError(error.code, message, { remedy, details, cause: error });
}
