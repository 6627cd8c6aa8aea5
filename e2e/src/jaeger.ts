import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const VERSION = 'v1.76.0';
const PACKAGE = 'github.com/jaegertracing/jaeger/cmd/all-in-one';
const BUILT = join(tmpdir(), `onescan-jaeger-${VERSION}`);
const START_MS = 60_000;

/** A span as Jaeger's HTTP API gives it. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  readonly logs: readonly { readonly fields: readonly { readonly key: string; readonly value: unknown }[] }[];
  readonly processID: string;
  readonly warnings: readonly string[] | null;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
  readonly warnings: readonly string[] | null;
}

/**
 * Where Jaeger's all-in-one is: JAEGER_BIN, what was built here before, or what Go builds now, which takes some minutes the
 * first time; undefined where there is neither.
 */
export function findJaeger(): string | undefined {
  const { JAEGER_BIN } = process.env;
  if (JAEGER_BIN) return JAEGER_BIN;
  const built = join(BUILT, 'all-in-one');
  if (existsSync(built)) return built;
  if (spawnSync('go', ['version'], { stdio: 'ignore' }).status !== 0) return undefined;
  mkdirSync(BUILT, { recursive: true });
  writeFileSync(join(BUILT, 'go.mod'), 'module onescan-jaeger\n\ngo 1.24\n');
  const go = (...args: string[]): Buffer =>
    execFileSync('go', args, { cwd: BUILT, stdio: ['ignore', 'inherit', 'inherit'] });
  go('get', '-tool', `${PACKAGE}@${VERSION}`);
  go('build', '-o', built, PACKAGE);
  return built;
}

/** A Jaeger that keeps its traces in memory. */
export class Jaeger {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #query: string;
  /** Environment that makes a service export to it. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(child: ChildProcess, folder: string, ports: readonly number[]) {
    this.#child = child;
    this.#folder = folder;
    this.#query = `http://127.0.0.1:${ports[0]}`;
    this.env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports[1]}` };
  }

  static async start(path: string): Promise<Jaeger> {
    const ports = await Promise.all(FLAGS.map(freePort));
    const flags = FLAGS.map((flag, i) => `--${flag}=127.0.0.1:${ports[i]}`);
    const folder = mkdtempSync(join(tmpdir(), 'onescan-jaeger-run-'));
    const child = spawn(path, flags, {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, SPAN_STORAGE_TYPE: 'memory' },
    });
    const jaeger = new Jaeger(child, folder, ports);
    const until = performance.now() + START_MS;
    while (performance.now() < until) {
      if (await jaeger.services().catch(() => undefined)) return jaeger;
      await sleep(100);
    }
    jaeger.stop();
    throw new Error(`${path} did not start within ${START_MS / 1000} s`);
  }

  /** None yet is null in its answer. */
  async services(): Promise<string[]> {
    return (await this.#get<string[] | null>('services')) ?? [];
  }

  async trace(traceId: string): Promise<JaegerTrace> {
    return (await this.#get<JaegerTrace[]>(`traces/${traceId}`))[0]!;
  }

  /** Traces with a span that has all the tags. */
  find(service: string, operation: string, tags: Readonly<Record<string, string>>): Promise<JaegerTrace[]> {
    const query = new URLSearchParams({ service, tags: JSON.stringify(tags), lookback: '1h', limit: '50' });
    if (operation !== '') query.set('operation', operation);
    return this.#get(`traces?${query}`);
  }

  /** Which service calls which. */
  edges(): Promise<{ parent: string; child: string }[]> {
    return this.#get(`dependencies?endTs=${Date.now() + 60_000}&lookback=3600000`);
  }

  /** The page of a trace, as its address is given to people; its status. */
  async page(traceId: string): Promise<number> {
    return (await fetch(`${this.#query}/trace/${traceId}`)).status;
  }

  /** What its page does with a file of OTLP JSON that is opened there. */
  async upload(document: string): Promise<JaegerTrace[]> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${this.#query}/api/transform`, { method: 'POST', headers, body: document });
    return ((await response.json()) as { data: JaegerTrace[] }).data;
  }

  stop(): void {
    this.#child.kill('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#query}/api/${path}`);
    if (!response.ok)
      throw new Error(`Jaeger answered ${response.status} to ${path}: ${await response.text()}`);
    return ((await response.json()) as { data: T }).data;
  }
}

/** Flags that say where it listens; the first two are used. */
const FLAGS = [
  'query.http-server.host-port',
  'collector.otlp.http.host-port',
  'query.grpc-server.host-port',
  'collector.otlp.grpc.host-port',
  'collector.grpc-server.host-port',
  'collector.http-server.host-port',
  'admin.http.host-port',
] as const;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
