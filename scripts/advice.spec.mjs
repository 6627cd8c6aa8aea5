import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createProgram } from '@onescan/cli/testing/program.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { COORDINATOR_FLAGS, RESTORE_FLAGS } from '@onescan/coordinator/testing/coordinator-options.js';
import { FETCHER_FLAGS } from '@onescan/fetcher/testing/fetcher-options.js';
import { CONFIG_KEYS } from '@onescan/learn/testing/config/learn-config-keys.js';
import { flagName } from '@onescan/process/service/flag-table.js';
import { TRAINER_FLAGS } from '@onescan/trainer/testing/trainer-options.js';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

/** Everything that tells people what to type: pages, proto comments, and the sentences and comments of the sources. */
const TEXTS = [
  'README.md',
  ...filesIn('docs', /\.md$/),
  ...filesIn('proto', /\.proto$/),
  ...['libs', 'services'].flatMap((folder) => filesIn(folder, /^(?!.*\.spec\.ts$).*\.ts$/)),
].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

function filesIn(folder, name) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(dist|node_modules|generated|testing|fixtures|assembly)\//.test(path));
}

/** All matches of a pattern with their place, as "path: match". */
function found(pattern, texts = TEXTS) {
  return texts.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map((match) => ({ place: `${path}: ${match[0]}`, groups: match.groups })),
  );
}

const SECTIONS = [...new Set(Object.keys(CONFIG_KEYS).map((key) => key.split('.')[0]))];

/** Names with a value that only look like settings: a file in a secret. */
const NO_ADVICE = ['grant.key'];
/** What OpenTelemetry calls attributes of spans. */
const ATTRIBUTE = /^(onescan|rpc)\./;

it('every learning setting that is advised with a value exists', () => {
  // `key=value`, `"key": "value"` and `key: "value"`, whatever the key's first word: it may be the wrong one.
  const advised = [
    ...found(/(?<![\w.$/-])(?<key>[a-z]+(\.[a-z][A-Za-z]*)+)=(?<value>[\w.,-]*\w)?/g),
    ...found(/["'`](?<key>[a-z]+(\.[a-z][A-Za-z]*)+)["'`]?: ["'](?<value>[\w.,-]+)["']/g),
  ];
  expect(advised.length).toBeGreaterThan(10);
  const unknown = advised.filter(
    ({ groups }) =>
      !(groups.key in CONFIG_KEYS || NO_ADVICE.includes(groups.key) || ATTRIBUTE.test(groups.key)),
  );
  expect(unknown.map(({ place }) => place)).toEqual([]);
});

/** Quoted names that only look like settings: a part of result documents. */
const NO_SETTINGS = ['gating.chosen'];

it('every setting named by its section exists', () => {
  const named = found(
    new RegExp(`[\`'"(](?<key>(${SECTIONS.join('|')})(\\.[a-z][A-Za-z0-9]*)+)[\`'")=]`, 'g'),
  ).filter(({ groups }) => !/\.(mjs|md)$/.test(groups.key) && !NO_SETTINGS.includes(groups.key));
  expect(named.length).toBeGreaterThan(100);
  const prefixes = new Set(
    Object.keys(CONFIG_KEYS).flatMap((key) =>
      key.split('.').map((_, i, all) => all.slice(0, i + 1).join('.')),
    ),
  );
  expect(named.filter(({ groups }) => !prefixes.has(groups.key)).map(({ place }) => place)).toEqual([]);
});

it('every field of the run spec that is named exists', () => {
  const full = RunSpec.toJSON(
    RunSpec.fromPartial({
      sample: { rows: 1, strategy: 1, seed: 1n },
      period: { from: 'a', to: 'b' },
      universe: { groups: [{ name: 'a' }], exclude: ['a'], expectedColumns: 1, future: [{ columns: 'a' }] },
    }),
  );
  const named = found(/[`'"](?<part>sample|period|universe)\.(?<field>[a-z][A-Za-z0-9]*)[`'":= ]/g);
  expect(named.length).toBeGreaterThan(10);
  expect(
    named.filter(({ groups }) => !(groups.field in full[groups.part])).map(({ place }) => place),
  ).toEqual([]);
});

/** By verb, e.g. "cache ls": its flags with those of all verbs. */
function verbs(command, path = []) {
  return command.commands.flatMap((child) => [
    [[...path, child.name()].join(' '), child],
    ...verbs(child, [...path, child.name()]),
  ]);
}

const PROGRAM = await createProgram(() => async () => undefined);
const VERBS = new Map(verbs(PROGRAM));
const flagsOf = (command) => command.options.flatMap(({ long }) => [long, long?.replace(/^--no-/, '--')]);
const COMMON = [...flagsOf(PROGRAM), '--help', '--version'];

it('every verb that is advised exists and has the flags that stand behind it', () => {
  const advised = found(/onescan (?<words>[a-z]+( [a-z]+)?)(?<rest>[^`\n]*)/g).filter(({ groups }) =>
    VERBS.has(groups.words.split(' ')[0]),
  );
  expect(advised.length).toBeGreaterThan(60);
  const wrong = advised.flatMap(({ place, groups }) => {
    if (groups.words.startsWith('serve')) return [];
    const verb = VERBS.get(groups.words) ?? VERBS.get(groups.words.split(' ')[0]);
    const known = new Set([...COMMON, ...flagsOf(verb), ...verb.commands.flatMap(flagsOf)]);
    const flags = [...groups.rest.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag);
    return flags.filter((flag) => !known.has(flag)).map((flag) => `${place}: ${flag}`);
  });
  expect(wrong).toEqual([]);
});

it('every `onescan WORD` is a verb', () => {
  const advised = found(/(`|npx )onescan (?<verb>[a-z]+)/g);
  expect(advised.filter(({ groups }) => !VERBS.has(groups.verb)).map(({ place }) => place)).toEqual([]);
});

it('every flag that is named in a page or an error is one of a verb or of a service', () => {
  const tables = [FETCHER_FLAGS, COORDINATOR_FLAGS, RESTORE_FLAGS, TRAINER_FLAGS];
  const services = tables.flatMap((table) => Object.entries(table).map(([key, row]) => flagName(key, row)));
  const known = new Set([
    ...COMMON,
    ...[...VERBS.values()].flatMap(flagsOf),
    ...services,
    ...benchFlags(),
    ...OTHERS,
  ]);
  const told = TEXTS.filter(({ path }) => path !== 'docs/benchmarks.md').map(({ path, text }) => ({
    path,
    text: path.endsWith('.ts')
      ? sentencesOf(text)
      : text.replaceAll(
          /^.*\b(bq |gcloud |docker |git |sudo |jaeger-all-in-one |node (?:scripts|bench)\/|npm install |npm run |npx vitest |helm |kubectl |kustomize |grpc_tools).*$/gm,
          '',
        ),
  }));
  const named = found(/(?<![\w(-])--[a-z][a-z-]*[a-z]/g, told);
  expect(named.length).toBeGreaterThan(200);
  const unknown = named.filter(({ place }) => !known.has(place.slice(place.lastIndexOf(': ') + 2)));
  expect(unknown.map(({ place }) => place)).toEqual([]);
});

/** Flags of the benchmarks, which docs/statistics.md names: the keys of the tables that they give to benchFlags. */
function benchFlags() {
  const sources = filesIn('bench/learn', /\.mjs$/).map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const tables = sources.flatMap(
    (source) => source.match(/benchFlags\(\s*\{.*?\n\);|benchFlags\(.*?\);/gs) ?? [],
  );
  return tables.flatMap((table) => [...table.matchAll(/\b([a-z]+): [{'O]/gi)].map(([, name]) => `--${name}`));
}

/** The texts in quotes that hold more than one word: those of a source that people read. */
function sentencesOf(source) {
  const quoted = source
    .replaceAll(/^ *(\/\/|\/?\*).*$/gm, '')
    .matchAll(/'[^'\n]* [^'\n]*'|"[^"\n]* [^"\n]*"|`[^`{;]* [^`{;]*/g);
  return [...quoted].map(([text]) => text).join('\n');
}

/** Flags of gcloud, of other scripts of the repository, and of Node. */
const OTHERS = [
  '--project',
  '--quick',
  '--member',
  '--role',
  '--impersonate-service-account',
  '--folder',
].concat('--single-threaded-gc', '--no-incremental-marking');
