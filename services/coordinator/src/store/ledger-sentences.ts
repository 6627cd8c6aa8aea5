import { type DuckDBConnection, type DuckDBDataChunk, DuckDBScalarFunction, VARCHAR } from '@duckdb/node-api';
import { ledgerText } from '@onescan/contract/reasons/ledger-text.js';
import { readLedgerReasons } from './ledger-reasons.js';

/** Name of the function in SQL: the sentence of reason, reason_code, facts, remark_code and remark_facts. */
export const LEDGER_SENTENCE = 'onescan_ledger_sentence';

const ARGUMENTS = 5;
/** Sentences that are kept: most features of a run share few reasons. */
const KEPT = 50_000;

/** Lets SQL of a connection make sentences of a ledger's codes and facts, by the renderer that everybody uses. */
export function registerLedgerSentence(connection: DuckDBConnection): void {
  const known = new Map<string, string>();
  const sentence = DuckDBScalarFunction.create({
    name: LEDGER_SENTENCE,
    returnType: VARCHAR,
    parameterTypes: Array.from({ length: ARGUMENTS }, () => VARCHAR),
    specialHandling: true, // for NULL, which older rows have
    mainFunction: (_, chunk, output) => {
      for (let row = 0; row < chunk.rowCount; row++) output.setItem(row, sentenceOf(chunk, row, known));
      output.flush();
    },
  });
  connection.registerScalarFunction(sentence);
}

function sentenceOf(chunk: DuckDBDataChunk, row: number, known: Map<string, string>): string {
  const fields = Array.from({ length: ARGUMENTS }, (_, k) => chunk.getColumnVector(k).getItem(row));
  const key = JSON.stringify(fields);
  const before = known.get(key);
  if (before !== undefined) return before;
  const [reason, reasonCode, facts, remarkCode, remarkFacts] = fields;
  const text = ledgerText(readLedgerReasons({ reason, reasonCode, facts, remarkCode, remarkFacts }));
  if (known.size >= KEPT) known.clear();
  known.set(key, text);
  return text;
}
