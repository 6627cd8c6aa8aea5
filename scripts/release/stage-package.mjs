import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { productionPackages } from './production-packages.mjs';
import { commandFile, shippedPackages } from './shipped-packages.mjs';

/** What users read and what clients in other languages are generated from. */
export const ROOT_FILES = [
  'LICENSE',
  'THIRD-PARTY.md',
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'docs',
  'proto',
];
/** Of the packages of others, what nothing reads at run time: a third of their bytes. Licences stay. */
const NOT_RUN = /\.(map|md|[cm]?ts)$/;

/** Of a package whose file that we import has all in it, nothing else: two thirds of such a package are other builds. */
const KEPT_OF = { echarts: /^(dist|dist\/echarts\.esm\.min\.mjs|package\.json|LICENSE|NOTICE)$/ };

/**
 * Lays out the one package `onescan`: the workspaces bundled in its node_modules, so that it installs without a build
 * and always as a whole, and the packages of others as ordinary dependencies.
 *
 * @param {object} options
 * @param {string} options.root folder of the checkout, built
 * @param {string} options.folder where to; emptied first
 * @param {string} [options.commit] hash of the commit it is made of, where that is known
 * @param {boolean} [options.withDependencies] copies the packages of others too: a folder that runs as it is, for images
 * @throws Error when something is not built
 */
export function stagePackage({ root, folder, commit, withDependencies = false }) {
  const shipped = shippedPackages(root);
  rmSync(folder, { recursive: true, force: true });
  for (const name of ROOT_FILES) cpSync(join(root, name), join(folder, name), { recursive: true });
  const files = filesOf(root, shipped);
  for (const each of shipped) {
    const target = join(folder, 'node_modules', each.name);
    const current = files.get(each.name).filter((path) => isCurrent(join(root, each.folder), path));
    if (!current.some((path) => path.startsWith('dist/')))
      throw new Error(`${each.name} is not built: npm run build`);
    for (const path of current) copy(join(root, each.folder, path), join(target, path));
    writeJson(join(target, 'package.json'), bundledPackageJson(each.packageJson, commit));
  }
  writeCommand(folder, commandFile(shipped));
  const rootPackage = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeJson(join(folder, 'package.json'), onescanPackageJson(rootPackage, shipped, commit));
  if (withDependencies) copyDependencies(root, folder, shipped);
}

/** By package, the files that npm would pack. */
function filesOf(root, shipped) {
  const args = shipped.flatMap(({ name }) => ['--workspace', name]);
  const flags = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error', ...args];
  const packed = JSON.parse(
    execFileSync('npm', flags, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 }),
  );
  return new Map(packed.map(({ name, files }) => [name, files.map(({ path }) => path)]));
}

/** The compiler leaves the output of sources that are gone. */
function isCurrent(folder, path) {
  const source = /^dist\/(.*)\.js$/.exec(path)?.[1];
  return (
    source === undefined ||
    ['ts', 'tsx', 'js'].some((ending) => existsSync(join(folder, 'src', `${source}.${ending}`)))
  );
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

function bundledPackageJson({ private: _private, scripts, devDependencies, files, ...kept }, gitHead) {
  const doors = Object.entries(kept.exports ?? {}).filter(([door]) => !door.startsWith('./testing'));
  return { ...kept, exports: Object.fromEntries(doors), gitHead };
}

/** The command of the package only leads to that of its workspace. */
function writeCommand(folder, { name, path }) {
  const file = join(folder, 'bin/onescan.mjs');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/usr/bin/env node\nimport '../node_modules/${name}/${path}';\n`);
  chmodSync(file, 0o755);
}

function onescanPackageJson(
  { version, description, license, engines, repository, homepage },
  shipped,
  gitHead,
) {
  const names = shipped.map(({ name }) => name);
  const dependencies = Object.assign(
    Object.fromEntries(shipped.map(({ name, packageJson }) => [name, packageJson.version])),
    ...shipped.map(({ packageJson }) => packageJson.dependencies),
  );
  return {
    ...{ name: 'onescan', version, description, license, repository, homepage, type: 'module', engines },
    bin: { onescan: 'bin/onescan.mjs' },
    exports: { './package.json': './package.json', './proto/*': './proto/*' },
    dependencies: Object.fromEntries(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1))),
    bundleDependencies: names,
    gitHead,
  };
}

/** Those of a workspace alone lie in its own node_modules, all others beside the workspaces. */
function copyDependencies(root, folder, shipped) {
  for (const path of productionPackages(root, shipped).keys()) {
    const own = shipped.find((each) => path.startsWith(`${each.folder}/`));
    const target = own ? `node_modules/${own.name}${path.slice(own.folder.length)}` : path;
    cpSync(join(root, path), join(folder, target), {
      recursive: true,
      filter: isRun(join(root, path)),
    });
  }
}

/** Packages inside a package are copied for themselves, where they are needed. */
function isRun(folder) {
  const kept = KEPT_OF[basename(folder)];
  return (path) => {
    const inside = relative(folder, path);
    if (inside === '') return true;
    return (
      !/(^|\/)node_modules/.test(inside) && !NOT_RUN.test(inside) && (kept === undefined || kept.test(inside))
    );
  };
}

function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
