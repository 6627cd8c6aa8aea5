import { existsSync, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { readProcessMemory } from '@onescan/process/process-memory.js';
import { type Check, check } from './check.js';
import { checkHome } from './check-environment.js';

const GIB = 1024 ** 3;
/** What a mode says of the group and of others. */
const OTHERS = 0o077;
/** First Node with everything that is used, as in package.json. */
const MINIMUM_NODE = [20, 19] as const;
/** A full pair takes 1.7 GB on disk, a build of the simulated warehouse about as much. */
const MINIMUM_DISK_BYTES = 5 * GIB;
/** The quick preset with two trainers. */
const MINIMUM_MEMORY_BYTES = 2 * GIB;
/** Before the first release a clock can only be wrong. */
const EARLIEST_CLOCK = Date.parse('2026-01-01T00:00:00Z');
/** A clock this far ahead is wrong too. */
const LATEST_CLOCK = Date.parse('2056-01-01T00:00:00Z');
/** Clocks are corrected by a little all the time. */
const CLOCK_SLACK_MS = 60_000;

/** Checks everything that does not need a running stack. `home` need not exist. */
export async function checkMachine(home: string): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    checkCores(availableParallelism()),
    checkMemory(Math.min(totalmem(), readProcessMemory().cgroupLimitBytes ?? Number.POSITIVE_INFINITY)),
    await checkPort(),
    checkHome(home),
    checkPrivacy(home),
    await checkDisk(home),
    checkDatasets(join(home, 'datasets')),
    checkClock(Date.now(), newestChange(home)),
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

/** `newest`: when something in the home folder was last changed, by the clock of then; both in milliseconds. */
export function checkClock(now: number, newest = 0): Check {
  const found = new Date(now).toISOString();
  const remedy = 'set the clock of this machine: what is made now would look older than what there is';
  if (now < newest - CLOCK_SLACK_MS) {
    return check('clock', 'FAILED', `${found}, and files are from ${new Date(newest).toISOString()}`, remedy);
  }
  const isPlausible = now >= EARLIEST_CLOCK && now < LATEST_CLOCK;
  return check('clock', isPlausible ? 'ok' : 'FAILED', found, 'set the clock of this machine');
}

/** When a file that the services write was last changed; 0 when there is none. */
function newestChange(home: string): number {
  const folders = ['', 'state', 'logs', 'datasets'].map((name) => join(home, name));
  const times = folders
    .filter(existsSync)
    .flatMap((folder) =>
      readdirSync(folder).map(
        (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
      ),
    );
  return times.reduce((newest, time) => Math.max(newest, time), 0);
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

/** Folders that other users of the machine can open; they are made for their owner alone, and never changed later. */
export function checkPrivacy(home: string): Check {
  const wide = ['', 'state', 'datasets', 'logs'].flatMap((name) => {
    const mode = statSync(join(home, name), { throwIfNoEntry: false })?.mode ?? 0;
    return mode & OTHERS ? [`${name || home} (${(mode & 0o777).toString(8)})`] : [];
  });
  if (wide.length === 0 || process.platform === 'win32')
    return check('privacy', 'ok', 'only you can open it', '');
  const remedy = `unless that is meant: chmod -R go= ${home}`;
  return check('privacy', 'warning', `others can open ${wide.join(', ')}`, remedy);
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
