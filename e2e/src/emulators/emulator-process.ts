import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An emulator of BigQuery that others make, and how it is started. */
export interface EmulatorKind {
  readonly name: string;
  /** Environment variable with the path of its program; else it is looked for in PATH. */
  readonly variable: string;
  readonly program: string;
  args(ports: { rest: number; grpc: number; project: string }): string[];
  /** Appended to its address for BIGQUERY_EMULATOR_HOST. */
  readonly restPath: string;
  /** Its Storage Read API frames record batches as BigQuery does, of tables that are not anonymous. */
  readonly storageRead: boolean;
  /** What planning for the Storage Read API says. */
  readonly storageRefusal: RegExp;
}

export interface RunningEmulator {
  /** For BIGQUERY_EMULATOR_HOST. */
  readonly url: string;
  /** For BIGQUERY_STORAGE_EMULATOR_HOST. */
  readonly storageAddress: string;
  stop(): Promise<void>;
}

export const GOCCY: EmulatorKind = {
  name: 'goccy/bigquery-emulator',
  variable: 'ONESCAN_GOCCY_EMULATOR',
  program: 'bigquery-emulator',
  args: ({ rest, grpc, project }) => [
    `--project=${project}`,
    '--host=127.0.0.1',
    `--port=${rest}`,
    `--grpc-port=${grpc}`,
  ],
  restPath: '',
  storageRead: false,
  storageRefusal: /Storage Read API: /,
};

export const BQEMULATOR: EmulatorKind = {
  name: 'bqemulator',
  variable: 'ONESCAN_BQEMULATOR',
  program: 'bqemulator',
  args: ({ rest, grpc, project }) => [
    ...['start', '--rest-port', `${rest}`, '--grpc-port', `${grpc}`],
    ...['--project', project, '--log-level', 'error'],
  ],
  restPath: '/bigquery/v2',
  storageRead: true,
  storageRefusal: /Storage Read API: .*_bqemu_anonymous.* does not exist/,
};

const START_TIMEOUT_MS = 120_000;
const POLL_MS = 200;

/** Path of an emulator's program; undefined when it is not here. */
export function findEmulator({ variable, program }: EmulatorKind): string | undefined {
  const given = process.env[variable];
  if (given) return given;
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  return paths.find(isExecutable);
}

/** Starts an emulator on free loopback ports. Throws with what it said when it ends before it listens. */
export async function startEmulator(kind: EmulatorKind, project: string): Promise<RunningEmulator> {
  const path = findEmulator(kind);
  if (!path) throw new Error(`${kind.name} is not here: set ${kind.variable} or PATH`);
  const [rest, grpc] = await freePorts();
  const child = spawn(path, kind.args({ rest, grpc, project }), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const url = `http://127.0.0.1:${rest}`;
  for (const end = performance.now() + START_TIMEOUT_MS; !(await answers(url)); ) {
    if (child.exitCode === null && performance.now() < end) await sleep(POLL_MS);
    else throw new Error(`${kind.name} did not start:\n${said.slice(-2000)}`);
  }
  return { url: url + kind.restPath, storageAddress: `127.0.0.1:${grpc}`, stop: () => stop(child) };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0]!, ports[1]!];
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  if (child.exitCode === null) await ended;
}
