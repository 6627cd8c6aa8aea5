import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

/** All pictures of the documentation; `scripts/page-pictures.mjs` makes them. */
const MOST_BYTES = 300_000;

const FOLDER = 'docs/pictures';

it('the README shows every picture of page and report, all under 300 kB, by names that are there', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/!\[[^\]]+\]\(docs\/pictures\/([\w.-]+)\)/g)].map(([, name]) => name);
  const there = readdirSync(join(ROOT, FOLDER));
  expect(shown.toSorted()).toEqual(there.toSorted());
  expect(there.filter((name) => name.startsWith('page-')).length).toBeGreaterThan(0);
  expect(there.filter((name) => name.startsWith('report-')).length).toBeGreaterThan(0);
  const bytes = there.reduce((sum, name) => sum + statSync(join(ROOT, FOLDER, name)).size, 0);
  expect(bytes).toBeLessThan(MOST_BYTES);
});
