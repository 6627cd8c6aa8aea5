import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** True where Prometheus's programs ("prometheus", "promtool") can be run. */
export function hasProgram(name: 'prometheus' | 'promtool'): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

/** A real Prometheus that scrapes and evaluates every second. */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.#url = url;
  }

  /**
   * @param targets "host:port" of what it scrapes, by job
   * @param rules files of rules
   */
  static async start(
    targets: Readonly<Record<string, string>>,
    rules: readonly string[] = [],
  ): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'onescan-prometheus-'));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: Object.entries(targets).map(([job, target]) => ({
        job_name: job,
        static_configs: [{ targets: [target] }],
      })),
    };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const listen = `127.0.0.1:${await freePort()}`;
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
      '--enable-feature=exemplar-storage',
    ];
    const child = spawn('prometheus', flags, { stdio: 'ignore' });
    return new Prometheus(child, folder, `http://${listen}`);
  }

  /** The answer to a query now; empty while it does not listen yet. */
  async query(expr: string): Promise<readonly { metric: Record<string, string>; value: [number, string] }[]> {
    const { result } = await this.#get<{ result?: never[] }>(`query?query=${encodeURIComponent(expr)}`);
    return result ?? [];
  }

  /** Exemplars of a series' last quarter of an hour. */
  async exemplars(
    expr: string,
  ): Promise<readonly { exemplars: readonly { labels: Record<string, string> }[] }[]> {
    const now = Date.now() / 1_000;
    const span = `start=${now - 900}&end=${now + 60}`;
    const found = await this.#get<never[] | object>(
      `query_exemplars?query=${encodeURIComponent(expr)}&${span}`,
    );
    return Array.isArray(found) ? found : [];
  }

  /** Its rules, as they were evaluated. */
  async rules(): Promise<readonly { name: string; state: string; health: string }[]> {
    const { groups } = await this.#get<{ groups?: { rules: never[] }[] }>('rules');
    return (groups ?? []).flatMap((group) => group.rules);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #get<T extends object>(path: string): Promise<T | Record<string, never>> {
    try {
      const answer = await fetch(`${this.#url}/api/v1/${path}`);
      return ((await answer.json()) as { data?: T }).data ?? {};
    } catch {
      return {};
    }
  }
}

/** Waits until something is so, for a minute. */
export async function untilSo(isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${isSo}`);
    await sleep(300);
  }
}

/** What a process tells at "host:port": its figures by series, as `name{label="value"}`, and the names of its metrics. */
export async function readScrape(
  address: string,
  accept = 'text/plain',
): Promise<{ text: string; names: string[]; of(series: string): number | undefined }> {
  const text = await (await fetch(`http://${address}/metrics`, { headers: { accept } })).text();
  const of = (series: string): number | undefined => {
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.split(' ')[1]);
  };
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  return { text, of, names: names.filter((name) => name !== 'target_info') };
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
