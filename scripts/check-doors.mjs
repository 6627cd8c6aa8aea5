import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Whose imports are those of tests: they may use doors below `./testing`. */
const TESTS = /\.spec\.|\/(testing|fixtures|long)\/|^(e2e|bench|scripts)\//;

/** The doors of each package by its folder, as `exports` of its package.json lists them. */
export function readDoors(root, packages) {
  return new Map(
    [...packages.values()].map((folder) => [
      folder,
      JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).exports ?? {},
    ]),
  );
}

/**
 * What goes around the doors of packages, a line each: a door that is a pattern or leads to no source file; an import of
 * another package by a name that is no door, or by a path into it; and a use of a door below `./testing` by what is no
 * test.
 *
 * @param imports `{ from, name, line }` of every source file
 */
export function doorProblems(imports, { files, packages, doors }) {
  const known = new Set(files);
  const folders = [...packages.values()];
  const folderOf = (path) => folders.find((folder) => path.startsWith(`${folder}/`));
  return [
    ...[...doors].flatMap(([folder, list]) => wrongDoors(folder, list, known)),
    ...imports.flatMap(({ from, name, line }) => {
      const problem = name.startsWith('.')
        ? wrongPath(posix.join(posix.dirname(from), name), folderOf(from), folderOf)
        : wrongName(name, from, { packages, doors, own: folderOf(from) });
      return problem === undefined ? [] : [`${from}:${line}: ${problem}`];
    }),
  ];
}

function wrongDoors(folder, list, known) {
  return Object.entries(list).flatMap(([door, file]) => {
    if (door.includes('*')) return [`${folder}/package.json: "${door}" opens every file: list the doors`];
    const source = posix.join(folder, file).replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    return known.has(source) ? [] : [`${folder}/package.json: the door "${door}" leads to no ${source}`];
  });
}

function wrongPath(path, own, folderOf) {
  const other = folderOf(path);
  if (other === undefined || other === own || !/\/(src|dist)\//.test(path)) return undefined;
  return `${path} is a private file of ${other}: import a door of its package.json by the package's name`;
}

function wrongName(name, from, { packages, doors, own }) {
  const [scope, short, ...rest] = name.split('/');
  const folder = packages.get(`${scope}/${short}`);
  if (folder === undefined || folder === own) return undefined;
  const door = rest.length === 0 ? '.' : `./${rest.join('/')}`;
  if (!(door in doors.get(folder))) return `${name} is no door of ${folder}: see exports in its package.json`;
  if (rest[0] === 'testing' && !TESTS.test(from)) return `${name} is a door for tests`;
  return undefined;
}
