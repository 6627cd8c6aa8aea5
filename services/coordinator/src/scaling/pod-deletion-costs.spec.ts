import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '@onescan/process/log.js';
import { makeAuthority, makeCertificate, replaceFile } from '@onescan/process/testing/certificates.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ScriptedTrainer } from '../testing/scripted-trainer.js';
import { TestStack } from '../testing/test-stack.js';
import { type PatchOperation, PodApi } from './pod-api.js';
import { PodDeletionCosts } from './pod-deletion-costs.js';

const COST = 'controller.kubernetes.io/pod-deletion-cost';
const PATIENCE = { timeout: 30_000 };
const LOOK_MS = 20;
const authority = makeAuthority();

interface Pod {
  readonly metadata: { labels: Record<string, string>; annotations: Record<string, string> };
}

/** As much of the Kubernetes API as patches pods: TLS, tokens, rights, JSON patches that are whole or nothing. */
class KubernetesApi {
  readonly pods = new Map<string, Pod>();
  /** Pods that were asked to change, in order, with when. */
  readonly calls: { pod: string; atMs: number }[] = [];
  token = 'first';
  isAllowed = true;
  readonly #server: Server;

  constructor() {
    const { cert, key } = makeCertificate({ name: 'kubernetes', hosts: ['127.0.0.1'], issuer: authority });
    this.#server = createServer({ cert, key }, async (request, response) => {
      const status = this.#answer(request, await text(request));
      const message = `answered ${status}`;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', message, code: status }));
    });
  }

  async start(): Promise<NodeJS.ProcessEnv> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${port}` };
  }

  add(name: string, label = 'onescan-trainer'): void {
    const labels = { 'app.kubernetes.io/name': label };
    this.pods.set(name, { metadata: { labels, annotations: { 'karpenter.sh/do-not-disrupt': 'true' } } });
  }

  costs(): (string | undefined)[] {
    return [...this.pods.values()].map(({ metadata }) => metadata.annotations[COST]);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer({ method, url, headers }: IncomingMessage, body: string): number {
    const name = /^\/api\/v1\/namespaces\/onescan\/pods\/([^/]+)$/.exec(url ?? '')?.[1];
    if (method !== 'PATCH' || name === undefined) return 404;
    this.calls.push({ pod: name, atMs: performance.now() });
    if (headers['content-type'] !== 'application/json-patch+json') return 415;
    if (headers.authorization !== `Bearer ${this.token}`) return 401;
    if (!this.isAllowed) return 403;
    const pod = this.pods.get(name);
    if (!pod) return 404;
    const changed = structuredClone(pod);
    for (const { op, path, value } of JSON.parse(body) as PatchOperation[]) {
      const keys = path.split('/').slice(1);
      const [last] = keys.splice(-1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
      const parent = keys.reduce<unknown>((each, key) => (each as Record<string, unknown>)[key], changed);
      if (op === 'test' && (parent as Record<string, string>)[last!] !== value) return 422;
      if (op === 'add') (parent as Record<string, string>)[last!] = value;
    }
    this.pods.set(name, changed);
    return 200;
  }
}

let folder: string;
let kubernetes: KubernetesApi;
let api: PodApi;
let costs: PodDeletionCosts;
let busy: Set<string>;
let trainers: string[];
let said: { level: number; msg: string }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-account-'));
  replaceFile(join(folder, 'ca.crt'), authority.cert);
  replaceFile(join(folder, 'token'), 'first\n');
  replaceFile(join(folder, 'namespace'), 'onescan');
  kubernetes = new KubernetesApi();
  api = new PodApi(folder, await kubernetes.start());
  [busy, trainers, said] = [new Set(), [], []];
  const log = createLog('test', { write: (line) => said.push(JSON.parse(line)) });
  log.level = 'info';
  costs = new PodDeletionCosts({
    ...{ api, log },
    trainers: () => trainers.map((trainerId) => ({ trainerId, isBusy: busy.has(trainerId) })),
  });
});
afterEach(async () => {
  await costs.close();
  await kubernetes.close();
  rmSync(folder, { recursive: true, force: true });
});

/** So many trainers, each in a pod of its own. */
function addTrainers(count: number): void {
  trainers = Array.from({ length: count }, (_, i) => `onescan-trainer:pod-${i}`);
  for (let i = 0; i < count; i++) kubernetes.add(`pod-${i}`);
}

it('the pod of a trainer at work costs more than one without work', async () => {
  addTrainers(3);
  busy.add('onescan-trainer:pod-1');
  costs.start(LOOK_MS);
  await vi.waitUntil(() => kubernetes.costs()[1] === '1000', PATIENCE);
  busy.delete('onescan-trainer:pod-1');
  busy.add('onescan-trainer:pod-2');
  await vi.waitUntil(() => kubernetes.costs().join() === '0,0,1000', PATIENCE);
  expect(kubernetes.pods.get('pod-2')!.metadata.annotations['karpenter.sh/do-not-disrupt']).toBe('true');
  expect(said).toEqual([]);
  // Each change was told once.
  const told = kubernetes.calls.length;
  await sleep(10 * LOOK_MS);
  expect(kubernetes.calls).toHaveLength(told);
});

it('many at once are told one after the other, no more than so many a second', async () => {
  addTrainers(30);
  busy = new Set(trainers);
  costs.start(100);
  await vi.waitUntil(() => kubernetes.costs().every((cost) => cost === '1000'), PATIENCE);
  expect(kubernetes.calls).toHaveLength(30);
  // Five a look: the last five are told five looks after the first ones.
  expect(kubernetes.calls.at(-1)!.atMs - kubernetes.calls[0]!.atMs).toBeGreaterThan(400);
});

it('leaves alone what is no pod of a trainer, and says so once', async () => {
  addTrainers(2);
  kubernetes.add('database-0', 'database');
  trainers = ['a:database-0', 'a:gone', 'a:../secrets/x', 'Upper_Case', ...trainers];
  busy = new Set(trainers);
  costs.start(LOOK_MS);
  await vi.waitUntil(
    () => kubernetes.costs().join() === ['1000', '1000', undefined].join() && kubernetes.calls.length === 4,
    PATIENCE,
  );
  await sleep(10 * LOOK_MS);
  expect(kubernetes.calls.map(({ pod }) => pod)).toEqual(['database-0', 'gone', 'pod-0', 'pod-1']);
  expect(said.map(({ level }) => level)).toEqual([40]);
});

it('rests when it is refused, says so once, and goes on when it is allowed', async () => {
  addTrainers(1);
  busy = new Set(trainers);
  kubernetes.isAllowed = false;
  costs.start(5);
  await vi.waitUntil(() => kubernetes.calls.length === 3, PATIENCE);
  const [first, , third] = kubernetes.calls;
  // 30 looks between two tries.
  expect(third!.atMs - first!.atMs).toBeGreaterThan(2 * 30 * 4);
  expect(said.map(({ msg }) => msg)).toEqual(['a pod could not be told its cost of deletion; said once']);
  kubernetes.isAllowed = true;
  // Tokens are renewed in their place.
  kubernetes.token = 'second';
  replaceFile(join(folder, 'token'), 'second');
  await vi.waitUntil(() => kubernetes.costs()[0] === '1000', PATIENCE);
  // It is said when the answer has come.
  await vi.waitUntil(() => said.length > 1, PATIENCE);
  expect(said.map(({ level }) => level)).toEqual([40, 30]);
});

it('believes no API of another authority, and misses one that is not there without harm', async () => {
  replaceFile(join(folder, 'ca.crt'), makeAuthority('another').cert);
  await expect(api.patch('pod-0', [])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(kubernetes.calls).toEqual([]);
  const nowhere = new PodApi(join(folder, 'none'), {});
  await expect(nowhere.patch('pod-0', [])).rejects.toThrow('KUBERNETES_SERVICE_HOST is not set');
  nowhere.close();
});

it('a coordinator with --pod-deletion-cost tells of its trainers, one without does not', async () => {
  addTrainers(2);
  for (const podDeletionCost of [undefined, true as const]) {
    const options = podDeletionCost ? { podDeletionCost } : {};
    const stack = await TestStack.start({}, options, { podApi: api });
    const [worker, other] = trainers.map(
      (id) => new ScriptedTrainer(stack.address, { id, act: () => undefined }),
    );
    await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
    await vi.waitUntil(() => worker!.assigned.length + other!.assigned.length === 1, PATIENCE);
    const at = worker!.assigned.length === 1 ? 0 : 1;
    if (podDeletionCost) await vi.waitUntil(() => kubernetes.costs()[at] === '1000', PATIENCE);
    else await sleep(1_500);
    if (!podDeletionCost) expect(kubernetes.calls).toEqual([]);
    worker!.close();
    other!.close();
    await stack.close();
  }
});
