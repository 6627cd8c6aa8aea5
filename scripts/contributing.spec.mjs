import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = ['CONTRIBUTING.md', 'docs/architecture.md'];
const { packages } = JSON.parse(read('scripts/floors.json'));

it.each(PAGES)('%s names only files that exist', (page) => {
  const text = read(page);
  const named = [...text.matchAll(/`((?:bench|docs|e2e|libs|proto|scripts|services)\/[\w./-]*)`/g)];
  const linked = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path]) =>
    join(dirname(page), path),
  );
  const paths = [...named.map(([, path]) => path), ...linked];
  expect(paths.length).toBeGreaterThan(8);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

it('the map of CONTRIBUTING.md has every package', () => {
  const rows = [...read('CONTRIBUTING.md').matchAll(/^\| `([\w/]+)` \|/gm)].map(([, folder]) => folder);
  expect(rows).toEqual(expect.arrayContaining(packages.flat()));
});

it('the drawing of docs/architecture.md has the floors of the table', () => {
  const drawing = /```mermaid\n([\s\S]*?)```/.exec(read('docs/architecture.md'))[1];
  const floors = [...drawing.matchAll(/subgraph floor\d+.*\n([\s\S]*?) {2}end/g)].map(([, body]) =>
    body.trim().split(/\s+/),
  );
  expect(floors.map((floor) => floor.sort())).toEqual(packages.map((floor) => [...floor].sort()));
  const arrows = [...drawing.matchAll(/floor(\d+) --> floor(\d+)/g)].map(([, user, used]) => [+user, +used]);
  expect(arrows).toEqual(floors.slice(1).map((_, i) => [i + 1, i]));
});
