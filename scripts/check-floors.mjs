import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { doorProblems, readDoors } from './check-doors.mjs';
import { findCycles } from './find-cycles.mjs';
import { readImports } from './read-imports.mjs';
import { ROOT } from './workspace.mjs';

/** The table: which packages and which rooms within a package stand on which floor. */
export const FLOORS = 'scripts/floors.json';

/** Of a file, specs included: what is longer is about more than one thing. Generated code is as long as it is. */
const MOST_LINES = 300;
const GENERATED = /\/generated\//;

const SOURCE = /\.(ts|tsx|mts|mjs|js)$/;
const SPEC = /\.spec\.(ts|mjs)$/;
/** What is no source of ours in TypeScript; `assembly` has AssemblyScript, which no parser of TypeScript reads. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'test-results', 'assembly']);

/** Prints what stands against the table of floors; false when anything does. */
export function checkFloors(root = ROOT) {
  const table = JSON.parse(readFileSync(join(root, FLOORS), 'utf8'));
  const problems = floorProblems(root, table);
  for (const problem of problems) console.error(problem);
  return problems.length === 0;
}

/**
 * What stands against a table of floors, a line each with file, line and rule:
 *
 * - `packages`: floors of packages, the ground first. A package uses those on floors below its own.
 * - `rooms`: floors within a package's sources, by their folder: each is a list of folders and files there. A room
 *   uses itself and the rooms on floors below; two on one floor do not know each other. Specs may use all.
 *
 * Also what goes around a package's doors, see {@link doorProblems}, and every cycle of imports between files, those of
 * types included, and every file that is longer than {@link MOST_LINES}.
 */
export function floorProblems(root, table) {
  const packages = readPackages(root);
  const files = sourceFiles(root, packages);
  const doors = readDoors(root, packages);
  const imports = files.flatMap((from) =>
    readImports(readFileSync(join(root, from), 'utf8'), from).map((found) => ({ from, ...found })),
  );
  const edges = readEdges(imports, { known: new Set(files), packages, doors });
  return [
    ...packageProblems(table.packages, edges, packages),
    ...doorProblems(imports, { files, packages, doors }),
    ...Object.entries(table.rooms).flatMap(([folder, floors]) =>
      roomProblems(folder, floors, { files, edges }),
    ),
    ...cycleProblems(edges),
    ...lengthProblems(root, files),
  ];
}

/** All source files of the packages and of `scripts`, by path relative to the root. */
function sourceFiles(root, packages) {
  return [...packages.values(), 'scripts'].flatMap((folder) => filesBelow(root, folder)).sort();
}

function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : filesBelow(root, path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

/** Folders of npm's workspaces by the name of their package. */
function readPackages(root) {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folders = workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -2);
    return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
  });
  const manifests = folders.filter((folder) => existsSync(join(root, folder, 'package.json')));
  return new Map(
    manifests.map((folder) => [
      JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).name,
      folder,
    ]),
  );
}

/** Imports of one source file by another: `{ from, to, line }`. */
function readEdges(imports, surroundings) {
  return imports.flatMap(({ from, name, line }) => {
    const to = sourceOf(name, from, surroundings);
    return to === undefined || to === from ? [] : [{ from, to, line }];
  });
}

/** The source file that a module's name leads to; undefined for what is none of ours. */
function sourceOf(name, from, { known, packages, doors }) {
  const path = name.startsWith('.')
    ? posix.join(posix.dirname(from), name)
    : inPackage(name, packages, doors);
  if (path === undefined) return undefined;
  // Built files stand for their sources, as `x.js` does for `x.ts`.
  const source = path.replace('/dist/', '/src/');
  const stem = source.replace(/\.m?js$/, '');
  return [source, `${stem}.ts`, `${stem}.tsx`, `${stem}.mts`, `${stem}.d.ts`, `${stem}.d.mts`].find((each) =>
    known.has(each),
  );
}

/** The built file behind a door; a name that is no door stands for the file of that name. */
function inPackage(name, packages, doors) {
  const [scope, short, ...rest] = name.split('/');
  const folder = packages.get(`${scope}/${short}`);
  if (folder === undefined) return undefined;
  const door = rest.length === 0 ? '.' : `./${rest.join('/')}`;
  return posix.join(folder, doors.get(folder)?.[door] ?? posix.join('dist', rest.join('/') || 'index.js'));
}

function packageProblems(floors, edges, packages) {
  const floorOf = new Map(floors.flatMap((names, floor) => names.map((name) => [name, floor])));
  const folders = [...packages.values()];
  const unplaced = folders.filter((folder) => !floorOf.has(folder));
  const ofFile = (path) => folders.find((folder) => path.startsWith(`${folder}/`));
  return [
    ...unplaced.map((folder) => `${FLOORS}: package ${folder} is on no floor`),
    ...edges.flatMap(({ from, to, line }) => {
      const [user, used] = [ofFile(from), ofFile(to)];
      if (user === used || user === undefined || used === undefined) return [];
      if (floorOf.get(used) < floorOf.get(user)) return [];
      return [
        `${from}:${line}: ${user} may not use ${used} (${to}): it is not on a floor below, see packages in ${FLOORS}`,
      ];
    }),
  ];
}

function roomProblems(folder, floors, { files, edges }) {
  const floorOf = new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor])));
  const roomOf = (path) => {
    const [first] = path.slice(folder.length + 1).split('/');
    return path.startsWith(`${folder}/`) ? first : undefined;
  };
  const inside = files.filter((path) => roomOf(path) !== undefined && !SPEC.test(path));
  const there = new Set(inside.map(roomOf));
  return [
    ...inside
      .filter((path) => !floorOf.has(roomOf(path)))
      .map((path) => `${path}:1: "${roomOf(path)}" is no room of ${folder}: give it a floor in ${FLOORS}`),
    ...[...floorOf.keys()]
      .filter((room) => !there.has(room))
      .map((room) => `${FLOORS}: there is no room "${room}" in ${folder}`),
    ...edges.flatMap(({ from, to, line }) => {
      const [user, used] = [roomOf(from), roomOf(to)];
      if (SPEC.test(from) || user === used || user === undefined || used === undefined) return [];
      if (floorOf.get(used) < floorOf.get(user)) return [];
      return [
        `${from}:${line}: ${user} may not use ${used} (${to}): it is not on a floor below, see ${folder} in ${FLOORS}`,
      ];
    }),
  ];
}

/** One line for each cycle, at the import that its first file begins it with. */
function cycleProblems(edges) {
  return findCycles(edges).map((cycle) => {
    const names = [...cycle, cycle[0]].map(({ from }) => from);
    return `${cycle[0].from}:${cycle[0].line}: imports go in a circle: ${names.join(' -> ')}`;
  });
}

function lengthProblems(root, files) {
  return files.flatMap((path) => {
    if (GENERATED.test(path)) return [];
    const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    return lines <= MOST_LINES
      ? []
      : [`${path}:${MOST_LINES + 1}: has ${lines} lines, ${MOST_LINES} are the most`];
  });
}
