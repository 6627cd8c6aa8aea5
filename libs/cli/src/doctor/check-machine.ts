import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { formatBytes } from '@onescan/shared/format/bytes.js';
import { readProcessMemory } from '@onescan/shared/process-memory.js';
import type { Check } from './check.js';

const GIB = 1024 ** 3;
/** First Node with everything that is used, as in package.json. */
const MINIMUM_NODE = [20, 19] as const;
/** A full pair takes 1.7 GB on disk, a build of the simulated warehouse about as much. */
const MINIMUM_DISK_BYTES = 5 * GIB;
/** The quick preset with two trainers. */
const MINIMUM_MEMORY_BYTES = 2 * GIB;
/** Before the first release a clock can only be wrong. */
const EARLIEST_CLOCK = Date.parse('2026-01-01T00:00:00Z');

/** Checks everything that does not need a running stack. `home` need not exist. */
export async function checkMachine(home: string): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    checkCores(availableParallelism()),
    checkMemory(Math.min(totalmem(), readProcessMemory().cgroupLimitBytes ?? Number.POSITIVE_INFINITY)),
    await checkPort(),
    checkHome(home),
    await checkDisk(home),
    checkDatasets(join(home, 'datasets')),
    checkClock(Date.now()),
  ];
}

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
  return check('node', ok ? 'ok' : 'FAILED', version, `install Node.js ${MINIMUM_NODE.join('.')} or newer`);
}

export function checkCores(cores: number): Check {
  const ok = cores >= 2;
  return check('cores', ok ? 'ok' : 'warning', String(cores), 'trainers and services will share one core');
}

export function checkMemory(bytes: number): Check {
  const found = `${formatBytes(bytes)}, ${formatBytes(freemem())} free`;
  const ok = bytes >= MINIMUM_MEMORY_BYTES;
  return check(
    'memory',
    ok ? 'ok' : 'FAILED',
    found,
    `at least ${formatBytes(MINIMUM_MEMORY_BYTES)} are needed`,
  );
}

export function checkClock(now: number): Check {
  const ok = now >= EARLIEST_CLOCK;
  return check('clock', ok ? 'ok' : 'FAILED', new Date(now).toISOString(), 'set the clock of this machine');
}

/** A file in the dataset folder that no fetcher is writing any more is worth a look. */
export function checkDatasets(folder: string): Check {
  if (!existsSync(folder)) return check('datasets', 'ok', 'none yet', '');
  const names = readdirSync(folder).filter((name) => name.includes('.duckdb'));
  const partial = names.filter((name) => name.includes('.partial'));
  const found = `${names.length - partial.length} in ${folder}`;
  if (partial.length === 0) return check('datasets', 'ok', found, '');
  const remedy = 'left by a fetch that goes on or was cut off; the fetcher clears them when it starts';
  return check('datasets', 'warning', `${found}, ${partial.length} partial`, remedy);
}

function checkHome(home: string): Check {
  try {
    accessSync(nearestExisting(home), constants.W_OK);
    return check('home folder', 'ok', home, '');
  } catch {
    return check('home folder', 'FAILED', `${home} cannot be written`, 'give another folder with --home');
  }
}

async function checkDisk(home: string): Promise<Check> {
  const { bavail, bsize } = await statfs(nearestExisting(home));
  const free = bavail * bsize;
  const ok = free >= MINIMUM_DISK_BYTES;
  return check('disk', ok ? 'ok' : 'warning', `${formatBytes(free)} free`, 'free some space, or move --home');
}

async function checkPort(): Promise<Check> {
  const server = createServer();
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
    return check('loopback port', 'ok', `can listen, e.g. on ${port}`, '');
  } catch (thrown) {
    return check('loopback port', 'FAILED', String(thrown), 'allow listening on 127.0.0.1');
  } finally {
    server.close();
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function check(name: string, result: Check['result'], found: string, remedy: string): Check {
  return { name, result, found, remedy: result === 'ok' ? '' : remedy };
}
