// Lists what is installed besides Onescan when development dependencies are left out, with its licences:
// node scripts/third-party.mjs writes THIRD-PARTY.md, which a test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './workspace.mjs';

export const LIST = join(ROOT, 'THIRD-PARTY.md');

const FOLDER = 'node_modules/';

/** The packages of a lockfile that production needs, each version once, by name. */
export function productionPackages(lock) {
  const packages = new Map();
  for (const [path, { version, license, dev, link }] of Object.entries(lock.packages)) {
    const at = path.lastIndexOf(FOLDER);
    if (at < 0 || dev || link) continue;
    const name = path.slice(at + FOLDER.length);
    packages.set(`${name} ${version}`, { name, version, license: license ?? 'none' });
  }
  return [...packages.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** THIRD-PARTY.md of a lockfile. */
export function thirdPartyList(lock) {
  const packages = productionPackages(lock);
  const counts = new Map();
  for (const { license } of packages) counts.set(license, (counts.get(license) ?? 0) + 1);
  const byLicense = [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b));
  return [
    '# Third-party software',
    '',
    'What an installation without development dependencies holds besides Onescan, by `package-lock.json`; each package',
    'brings the text of its licence in its folder below `node_modules`. Packages of DuckDB for other systems than this',
    'one are in the list and are not installed. Written by `node scripts/third-party.mjs`; a test compares it.',
    '',
    '| licence | packages |',
    '|---|---:|',
    ...byLicense.map(([license, count]) => `| ${license} | ${count} |`),
    '',
    '| package | version | licence |',
    '|---|---|---|',
    ...packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    '',
  ].join('\n');
}

export function readLock() {
  return JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
}

function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(LIST, thirdPartyList(readLock()));
