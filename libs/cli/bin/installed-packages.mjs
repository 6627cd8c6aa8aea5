// What is installed, against the lockfile. Needs nothing that is installed or built itself.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Names of packages that are missing from node_modules or have another version than the lockfile says: all that are
 * required, and of the optional ones those made for this system, without which programs that need them do not start.
 * Reads the record that npm itself keeps of what it installed, so it costs a few milliseconds and a finished `npm ci`,
 * by whomever, is recognised.
 *
 * @param {string} root folder of the checkout
 * @param {{os: string, cpu: string, libc: string}} system
 * @returns {string[]}
 */
export function outdatedPackages(root, system = thisSystem()) {
  const lock = readPackages(join(root, 'package-lock.json'));
  const record = join(root, 'node_modules', '.package-lock.json');
  const installed = existsSync(record) ? readPackages(record) : {};
  return Object.entries(lock)
    .filter(([path, entry]) => path.includes('node_modules/') && isNeeded(entry, system))
    .filter(([path, entry]) => {
      const have = installed[path];
      const isThere = existsSync(join(root, path));
      return !isThere || have?.version !== entry.version || have?.integrity !== entry.integrity;
    })
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
}

/** @returns {{os: string, cpu: string, libc: string}} this machine, in npm's words */
export function thisSystem() {
  return { os: process.platform, cpu: process.arch, libc: usesGlibc() ? 'glibc' : 'musl' };
}

function usesGlibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

/** An optional package that names no system is one that others can do without. */
function isNeeded(entry, system) {
  if (!entry.optional) return true;
  return entry.os !== undefined && fitsSystem(entry, system);
}

/** Whether a package of the lockfile may be installed on a system. */
export function fitsSystem({ os, cpu, libc }, system = thisSystem()) {
  const fits = (names, name) => names === undefined || names.includes(name);
  return fits(os, system.os) && fits(cpu, system.cpu) && (system.os !== 'linux' || fits(libc, system.libc));
}

function readPackages(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
