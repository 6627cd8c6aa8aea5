import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

/**
 * Where code may read words, and whose they are: those of others, who tell what happened in no other way. Our own are made
 * of codes and facts by libs/contract/src/reasons, and wording may change there without any code noticing.
 */
const OF_OTHERS = {
  'libs/dataset/src/folder-lock.ts': "DuckDB's, on a lock",
  'libs/contract/src/onescan-error.ts': "the system's and DuckDB's, on disks",
  'libs/contract/src/run-spec-fields.ts': 'checks the reason that somebody gives in a spec',
  'services/coordinator/src/report/chart-or-note.ts':
    'looks for broken numbers in the text of an SVG picture',
  'services/coordinator/src/store/state-damage.ts': "DuckDB's, on locks and damage",
  'services/fetcher/src/warehouse/bigquery/bigquery-problem.ts':
    "BigQuery's, which tells much in messages alone",
  'services/fetcher/src/warehouse/bigquery/metadata-memory.ts': "BigQuery's, on tables that are gone",
  'services/fetcher/src/warehouse/bigquery/storage/storage-reader.ts':
    "BigQuery's, on sessions that are over",
  'services/trainer/src/compute/classify-failure.ts': "Node's, on memory",
};

/** Fields and variables that hold sentences. A variable `text` may be anything; a field `text` is one for people. */
const NAMES = '(?:reason|message|note|problem|sentence|remedy|verdict_?[tT]ext)s?';
const FIELDS = `(?:${NAMES}|text|words)`;
const SUBJECT = `(?:\\b${NAMES}|[.]${FIELDS})[!?]?`;
const READS = [
  // What takes a sentence apart, or looks for words in it. Its first line, or its first characters, are no words of it.
  new RegExp(
    `${SUBJECT}\\.(?:includes|startsWith|endsWith|match|matchAll|search|indexOf|lastIndexOf|replace|replaceAll)\\((?!'\\\\n')`,
  ),
  new RegExp(`${SUBJECT}\\.(?:split\\((?!'\\\\n')|(?:slice|substring|charAt|at)\\((?!0\\b))`),
  // A regular expression on one.
  new RegExp(`[./\\w]\\.(?:test|exec)\\([^()]*?${SUBJECT}\\)`),
  // One compared with words.
  new RegExp(`(?:${SUBJECT}|[.]kind|\\bkind) [!=]== ['"\`][^'"\`]* [^'"\`]*['"\`]`),
  // The same in SQL.
  /regexp_\w+\(\s*(?:reason|error|problems?)\b|\b(?:reason|error|problems?) (?:NOT )?(?:I?LIKE|SIMILAR TO)\b/,
];

function sources(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.(ts|mts|mjs)$/.test(entry.name) && !/\.spec\.(ts|mjs)$/.test(entry.name),
    )
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter(
      (path) => !/(^|\/)(dist|node_modules|generated|testing|fixtures|assembly|test-results)\//.test(path),
    );
}

function readsIn(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^(\/\/|\*|\/\*)/.test(line) && READS.some((read) => read.test(line)));
}

it('no code reads our own sentences: reasons are codes with facts', () => {
  const found = new Map(
    ['libs', 'services']
      .flatMap(sources)
      .map((path) => [path, readsIn(readFileSync(join(ROOT, path), 'utf8'))])
      .filter(([, lines]) => lines.length > 0),
  );
  const unlisted = [...found].filter(([path]) => !(path in OF_OTHERS));
  expect(Object.fromEntries(unlisted)).toEqual({});
  expect(Object.keys(OF_OTHERS).filter((path) => !found.has(path))).toEqual([]);
});

it.each([
  "if (reason.startsWith('suspected leakage')) refuse();",
  'const bare = run.pilot.text.slice(1);',
  'if (/not found/.test(thrown.message)) return;',
  'const [, rows] = ROWS.exec(note.text)',
  "if (note.kind === 'sample too small') drop();",
  "SELECT regexp_replace(reason, 'x', '') FROM ledger",
  "WHERE reason LIKE 'leak%'",
])('notices %s', (line) => {
  expect(readsIn(line)).toEqual([line]);
});

it.each([
  "const first = thrown.message.split('\\n')[0];",
  'const short = message.slice(0, MAX);',
  "if (why.code === 'leak') refuse();",
  "const parts = text.split(',');",
])('lets through %s', (line) => {
  expect(readsIn(line)).toEqual([]);
});
