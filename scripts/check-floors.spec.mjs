import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { floorProblems } from './check-floors.mjs';

const DOORS = { './ground.js': './dist/ground.js', './testing/made.js': './dist/made.js' };

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-floors-'));
  write('package.json', '{ "workspaces": ["libs/*", "app"] }');
  write('libs/base/package.json', JSON.stringify({ name: '@onescan/base', exports: DOORS }));
  write('app/package.json', '{ "name": "@onescan/app" }');
  write('libs/base/src/ground.ts', 'export const ground = 1;');
  write('libs/base/src/made.ts', '');
  write('libs/base/src/private.ts', '');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const PACKAGES = [['libs/base'], ['app']];

/** What is wrong in `app`, whose rooms are `low`, above it `left` and `right`, and on top `main.ts`. */
function problemsOf(files, table = {}) {
  const all = { 'low/a.ts': '', 'left/a.ts': '', 'right/a.ts': '', 'main.ts': '', ...files };
  for (const [path, text] of Object.entries(all)) write(`app/src/${path}`, text);
  const rooms = { 'app/src': [['low'], ['left', 'right'], ['main.ts']] };
  return floorProblems(root, { packages: PACKAGES, rooms, ...table });
}

it('a room uses itself and those on floors below', () => {
  const files = {
    'left/a.ts': `import { b } from './b.js';\nexport * from '../low/a.js';`,
    'left/b.ts': `import type { A } from '../low/a.js';\nimport fs from 'node:fs';`,
    'main.ts': `import './left/a.js';\nawait import('./right/a.js');\nimport { ground } from '@onescan/base/ground.js';`,
  };
  expect(problemsOf(files)).toEqual([]);
});

it.each([
  ['an import', `import { a } from '../left/a.js';`],
  ['an import of types', `import type { A } from '../left/a.js';`],
  ['an import of one type', `import { type A } from '../left/a.js';`],
  ['an import for its effects', `import '../left/a.js';`],
  ['a re-export', `export { a } from '../left/a.js';`],
  ['a re-export of types', `export type { A } from '../left/a.js';`],
  ['a re-export of all', `export * from '../left/a.js';`],
  ['import()', `const a = () => import('../left/a.js');`],
  ['import() of a template', 'const a = () => import(`../left/a.js`);'],
  ['import() of a type', `type A = { a: import('../left/a.js').A[] };`],
  ['an import by the name of the package', `import { a } from '@onescan/app/left/a.js';`],
  ['an import of the built file', `import { a } from '../../dist/left/a.js';`],
])('%s of a room above is told with file, line and rule', (_what, text) => {
  expect(problemsOf({ 'low/a.ts': `// ../left/a.js\n\n${text}\n` })).toEqual([
    'app/src/low/a.ts:3: low may not use left (app/src/left/a.ts): it is not on a floor below, see app/src in scripts/floors.json',
  ]);
});

it('rooms of one floor do not know each other', () => {
  expect(problemsOf({ 'left/a.ts': `import '../right/a.js';` })).toEqual([
    expect.stringMatching(/^app\/src\/left\/a\.ts:1: left may not use right/),
  ]);
});

it('what only looks like an import is none, and specs may use all', () => {
  const files = {
    'low/a.ts': `// import '../left/a.js'\nconst text = "import '../left/a.js'";\nconst b = \`\${text} from '../left/a.js'\`;`,
    'low/a.spec.ts': `import '../main.js';`,
  };
  expect(problemsOf(files)).toEqual([]);
});

it('every file has a room, and every room of the table is there', () => {
  const rooms = { 'app/src': [['low'], ['left', 'right', 'attic'], []] };
  expect(problemsOf({}, { rooms })).toEqual([
    'app/src/main.ts:1: "main.ts" is no room of app/src: give it a floor in scripts/floors.json',
    'scripts/floors.json: there is no room "attic" in app/src',
  ]);
});

it('packages have floors too, for specs as well', () => {
  write('libs/base/src/up.spec.ts', `import type { A } from '@onescan/app/low/a.js';`);
  write('libs/base/src/over.mjs', `import '../../../app/dist/low/a.js';`);
  expect(problemsOf({}).filter((line) => line.includes('may not use'))).toEqual(
    ['over.mjs', 'up.spec.ts'].map(
      (name) =>
        `libs/base/src/${name}:1: libs/base may not use app (app/src/low/a.ts): it is not on a floor below, see packages in scripts/floors.json`,
    ),
  );
  expect(problemsOf({}, { packages: [['libs/base']] })).toContain(
    'scripts/floors.json: package app is on no floor',
  );
});

it('cycles are found within a room, through types, and once each', () => {
  const files = {
    'left/b.ts': `export * from '../low/a.js';\nimport type { C } from './c.js';`,
    'left/c.ts': `import { d } from './d.js';\nimport { b } from './b.js';`,
    'left/d.ts': `type B = import('./b.js').B;`,
    'right/b.ts': `import './c.js';`,
    'right/c.ts': `import type {} from './b.js';`,
  };
  expect(problemsOf(files)).toEqual([
    'app/src/left/b.ts:2: imports go in a circle: app/src/left/b.ts -> app/src/left/c.ts -> app/src/left/b.ts',
    'app/src/right/b.ts:1: imports go in a circle: app/src/right/b.ts -> app/src/right/c.ts -> app/src/right/b.ts',
  ]);
});

it('a file that cannot be read is named', () => {
  expect(() => problemsOf({ 'low/a.ts': 'import {' })).toThrow(/^app\/src\/low\/a\.ts: /);
});

it.each([
  ['a name that is no door', `import '@onescan/base/private.js';`, 'is no door of libs/base'],
  [
    'a path into another package',
    `import '../../libs/base/dist/private.js';`,
    'is a private file of libs/base',
  ],
  ['a path to a door', `import '../../libs/base/src/ground.js';`, 'is a private file of libs/base'],
  ['a door for tests', `import '@onescan/base/testing/made.js';`, 'is a door for tests'],
])('%s is told', (_what, text, problem) => {
  expect(problemsOf({ 'main.ts': text })).toEqual([expect.stringMatching(`app/src/main.ts:1: .*${problem}`)]);
  const isForTests = problem.includes('for tests');
  expect(problemsOf({ 'main.ts': '', 'main.spec.ts': text })).toHaveLength(isForTests ? 0 : 1);
});

it('a door that is a pattern, or leads nowhere, is told', () => {
  const exports = { './*': './dist/*', './gone.js': './dist/gone.js' };
  write('libs/base/package.json', JSON.stringify({ name: '@onescan/base', exports }));
  expect(problemsOf({})).toEqual([
    'libs/base/package.json: "./*" opens every file: list the doors',
    'libs/base/package.json: the door "./gone.js" leads to no libs/base/src/gone.ts',
  ]);
});

it('a file has at most 300 lines, specs included; generated ones may have more', () => {
  const lines = (count) => '// line\n'.repeat(count);
  const files = { 'low/b.ts': lines(300), 'low/c.spec.ts': lines(301), 'low/generated/d.ts': lines(301) };
  expect(problemsOf(files)).toEqual(['app/src/low/c.spec.ts:301: has 301 lines, 300 are the most']);
});
