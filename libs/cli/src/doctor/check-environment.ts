import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { resolveDatabaseFolder } from '@onescan/process/local-path.js';
import { version } from '@onescan/process/version.js';
import { outdatedPackages } from '../../bin/installed-packages.mjs';
import { MINIMUM_OPEN_FILES, openFilesLimit } from '../../bin/open-files.mjs';
import { requireTemporaryFolder } from '../stack/temporary-folder.js';
import { type Check, check } from './check.js';

/** Where trainers that do not share the cache folder put copies of datasets. */
const MINIMUM_TEMPORARY_BYTES = 2 * 1024 ** 3;
const PROXIES = /^(https?|grpc|all)_proxy$/i;
const PACKAGES_NAMED = 3;
const INSTALLED = check('packages', 'ok', 'as npm installed them', '');

/**
 * What surrounds the processes: packages, limits of the system, variables of the environment.
 *
 * @param root where the root of a checkout is; an installed package has no lockfile there
 */
export async function checkEnvironment(root: string, env: NodeJS.ProcessEnv): Promise<Check[]> {
  return [
    check('version', 'ok', version(), ''),
    existsSync(join(root, 'package-lock.json')) ? checkPackages(outdatedPackages(root)) : INSTALLED,
    checkOpenFiles(openFilesLimit()),
    checkProxies(env),
    await checkTemporaryFolder(),
  ];
}

export function checkPackages(outdated: readonly string[]): Check {
  if (outdated.length === 0) return check('packages', 'ok', 'as the lockfile says', '');
  const more = outdated.length > PACKAGES_NAMED ? `, and ${outdated.length - PACKAGES_NAMED} more` : '';
  const found = `missing or changed: ${outdated.slice(0, PACKAGES_NAMED).join(', ')}${more}`;
  return check('packages', 'FAILED', found, 'run: npm run setup');
}

export function checkOpenFiles(limit: number): Check {
  const found = Number.isFinite(limit) ? `${limit} a process` : 'no limit known';
  const remedy = `at least ${MINIMUM_OPEN_FILES} are needed: ulimit -n 1024, LimitNOFILE= or --ulimit nofile=1024`;
  return check('open files', limit >= MINIMUM_OPEN_FILES ? 'ok' : 'FAILED', found, remedy);
}

/** A proxy is nothing wrong; who looks for the reason of a slow or refused connection wants to know of it. */
export function checkProxies(env: NodeJS.ProcessEnv): Check {
  const names = Object.keys(env).filter((name) => PROXIES.test(name) && env[name]);
  const found =
    names.length === 0 ? 'none' : `${names.sort().join(', ')}: for other machines, never for this one`;
  return check('proxy', 'ok', found, '');
}

export async function checkTemporaryFolder(): Promise<Check> {
  try {
    const folder = requireTemporaryFolder();
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const remedy = 'free some space there, or set TMPDIR to a larger disk';
    const result = free >= MINIMUM_TEMPORARY_BYTES ? 'ok' : 'warning';
    return check('temporary files', result, `${folder}, ${formatBytes(free)} free`, remedy);
  } catch (thrown) {
    const { message, remedy } = OnescanError.from(thrown);
    return check('temporary files', 'FAILED', message, remedy);
  }
}

/** The folder of the stack, by the rules of who writes into it. */
export function checkHome(home: string): Check {
  try {
    resolveDatabaseFolder({ name: '--home', value: home, cwd: '/' });
    return check('home folder', 'ok', home, '');
  } catch (thrown) {
    const { message, remedy } = OnescanError.from(thrown);
    return check('home folder', 'FAILED', message, remedy);
  }
}
