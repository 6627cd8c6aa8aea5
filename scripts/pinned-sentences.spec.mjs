import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

const REASONS = 'libs/contract/src/reasons';
/** Words in a row that make a sentence known: fewer are said by chance. */
const RUN = 5;
/** Where words of reasons stand in specs, and why: those are not made by the renderer, or are facts. */
const NOT_OURS = {
  'libs/cli/src/view/verdict-table.spec.ts': 'the name of a verdict beside what the table says',
  'libs/learn/src/sizing/smallest-effect.spec.ts': 'the title of a test',
  'libs/warehouse/src/bars/parquet/read-parquet.spec.ts': 'an error, by chance in the same words',
  'services/fetcher/src/planning/exclusion-key.spec.ts':
    'keys of paid datasets, kept as they were once worded',
};

function wordsOf(text) {
  return text
    .toLowerCase()
    .replace(/\\[a-z.]|[^a-z\s]+/g, ' ')
    .split(/\s+/)
    .filter(Boolean);
}

function runsOf(text) {
  const words = wordsOf(text);
  return words.slice(RUN - 1).map((_, k) => words.slice(k, k + RUN).join(' '));
}

/** Runs of words that the renderer puts together, without those that are facts. */
function renderedRuns() {
  const lines = readFileSync(join(ROOT, REASONS, 'sentences.golden.txt'), 'utf8').split('\n');
  const runs = new Set();
  let facts = '';
  for (const line of lines) {
    if (!line.startsWith('  ')) facts = wordsOf(line).join(' ');
    else for (const run of runsOf(line)) if (!facts.includes(run)) runs.add(run);
  }
  return runs;
}

const RENDERED = renderedRuns();
const LITERAL = /'[^']*'|"[^"]*"|`[^`]*`|\/[^/]+\//g;

/** Lines of a spec that pin a sentence; titles of tests and comments say what they like. */
function pinnedIn(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !/^(\/\/|\/?\*|\]\)|(it|test|describe)\b)/.test(line))
    .filter((line) => (line.match(LITERAL) ?? []).flatMap(runsOf).some((run) => RENDERED.has(run)));
}

function specs() {
  return ['libs', 'services', 'e2e']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.spec.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(dist|node_modules)\//.test(path) && !path.startsWith(REASONS));
}

it('no spec but the golden one pins the wording of a reason: they ask for codes and facts', () => {
  const found = new Map(
    specs()
      .map((path) => [path, pinnedIn(readFileSync(join(ROOT, path), 'utf8'))])
      .filter(([, lines]) => lines.length > 0),
  );
  expect(Object.fromEntries([...found].filter(([path]) => !(path in NOT_OURS)))).toEqual({});
  expect(Object.keys(NOT_OURS).filter((path) => !found.has(path))).toEqual([]);
});

it('notices a sentence as text and as pattern, and no fact', () => {
  const lines = [
    "expect(why).toBe('its values equal the target of horizon 15: it holds the future');",
    'expect(why).toMatch(/its values equal the target of/);',
  ];
  expect(lines.flatMap(pinnedIn)).toEqual(lines);
  expect(pinnedIn("expect(text).toBe('what an older version said');")).toEqual([]);
});
