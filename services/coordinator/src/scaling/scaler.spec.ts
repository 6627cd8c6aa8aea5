import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { credentials, status } from '@grpc/grpc-js';
import { ExternalScalerClient } from '@onescan/contract/generated/externalscaler/externalscaler.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import {
  makeAuthority,
  makeCertificate,
  replaceFile,
  writeIdentity,
} from '@onescan/process/testing/certificates.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseCoordinatorOptions } from '../coordinator-options.js';
import { ScriptedTrainer } from '../testing/scripted-trainer.js';
import { TestStack } from '../testing/test-stack.js';
import { SCALER_METRIC } from './scaler-service.js';

const PATIENCE = { timeout: 60_000 };
const POLL_MS = 50;
const PAIRS = ['eurusd', 'gbpusd'];
const HORIZONS = [15, 30, 45, 60];

let folder: string;
let stack: TestStack;
let keda: Keda;
const authority = makeAuthority();

/** Speaks to the scaler as KEDA does, and starts and stops trainers by what it says, without a cooldown. */
class Keda {
  readonly pushed: boolean[] = [];
  /** Status codes with which push streams ended. */
  readonly ended: number[] = [];
  /** Trainers wanted, each time that this changed. */
  readonly wanted: number[] = [];
  readonly client: ExternalScalerClient;
  readonly object;
  #trainers: ScriptedTrainer[] = [];
  #started = 0;
  #scaling = true;
  #loop: Promise<void> | undefined;

  constructor(address: string, certificate = 'keda', horizonsPerTrainer = '1') {
    const identity = makeCertificate({ name: certificate, issuer: authority });
    const security = { ...writeIdentity(folder, certificate, identity), ca: join(folder, 'ca.crt') };
    this.client = createClient(
      ExternalScalerClient,
      address,
      { 'grpc.use_local_subchannel_pool': 1 },
      security,
    );
    const scalerMetadata = { scalerAddress: address, horizonsPerTrainer };
    this.object = { name: 'onescan-trainer', namespace: 'onescan', scalerMetadata };
  }

  async isActive(): Promise<boolean> {
    return (await callUnary(this.client, this.client.isActive, this.object)).result;
  }

  async metric(): Promise<number> {
    const request = { scaledObjectRef: this.object, metricName: SCALER_METRIC };
    const { metricValues } = await callUnary(this.client, this.client.getMetrics, request);
    expect(metricValues).toMatchObject([{ metricName: SCALER_METRIC }]);
    expect(Number(metricValues[0]!.metricValue)).toBe(metricValues[0]!.metricValueFloat);
    return metricValues[0]!.metricValueFloat;
  }

  listen(): void {
    const stream = this.client.streamIsActive(this.object);
    stream.on('data', ({ result }: { result: boolean }) => this.pushed.push(result));
    stream.on('status', ({ code }) => this.ended.push(code));
    stream.on('error', () => undefined);
  }

  /** Scales from 0 to N when a push says so, and by polling. */
  scale(most: number): void {
    this.#loop = (async () => {
      const { metricSpecs } = await callUnary(this.client, this.client.getMetricSpec, this.object);
      const target = metricSpecs[0]!.targetSizeFloat;
      while (this.#scaling) {
        const wanted = (await this.isActive())
          ? Math.min(most, Math.max(1, Math.ceil((await this.metric()) / target)))
          : 0;
        if (wanted !== this.wanted.at(-1)) this.wanted.push(wanted);
        while (this.#trainers.length < wanted) this.#trainers.push(this.#start());
        for (const surplus of this.#trainers.splice(wanted)) void surplus.retire();
        await sleep(POLL_MS);
      }
    })();
  }

  /** Stops scaling, and the trainers. */
  async stop(): Promise<void> {
    this.#scaling = false;
    await this.#loop;
    for (const trainer of this.#trainers) trainer.close();
    this.client.close();
  }

  #start(): ScriptedTrainer {
    return new ScriptedTrainer(stack.address, {
      id: `trainer:${++this.#started}`,
      act: async (assign, trainer) => {
        await sleep(300);
        trainer.succeed(assign);
      },
    });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function showCertificate(): { cert: string; key: string } {
  return writeIdentity(
    folder,
    'coordinator',
    makeCertificate({ name: 'coordinator', hosts: ['127.0.0.1'], issuer: authority }),
  );
}

/** Fingerprint of the certificate that a new connection is shown. */
async function shownCertificate(): Promise<string> {
  const port = Number(stack.scaler.split(':')[1]);
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }).on('error', () => undefined);
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-scaler-'));
  const tlsClientCa = replaceFile(join(folder, 'ca.crt'), authority.cert);
  const { cert: tlsCert, key: tlsKey } = showCertificate();
  const certificates = { keda: ['scaler'], vera: ['viewer'] };
  const roles = replaceFile(join(folder, 'roles.json'), JSON.stringify({ certificates }));
  const listen = `unix:${join(folder, 'coordinator.sock')}`;
  const security = { tlsCert, tlsKey, tlsClientCa, roles };
  stack = await TestStack.start(
    { beforeDataset: () => sleep(200) },
    { listen, ...security, scalerListen: `127.0.0.1:${await freePort()}` },
  );
  keda = new Keda(stack.scaler);
});
afterEach(async () => {
  await keda.stop();
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

it('trainers come with the work and go when it is done, and none is taken from a horizon that it works on', async () => {
  keda.listen();
  await vi.waitUntil(() => keda.pushed.length === 1, PATIENCE);
  expect([keda.pushed, await keda.isActive(), await keda.metric()]).toEqual([[false], false, 0]);
  keda.scale(3);
  const runId = await stack.startRun({ pairs: PAIRS, horizons: HORIZONS });
  await vi.waitUntil(() => keda.pushed.length === 2, PATIENCE);
  await stack.watch(runId);
  const { tasks } = await stack.getRun(runId);
  // One attempt each: whoever was taken away had nothing in hand.
  expect(tasks.map(({ attempt }) => attempt)).toEqual(PAIRS.flatMap(() => HORIZONS.map(() => 1)));
  await vi.waitUntil(() => keda.wanted.at(-1) === 0, PATIENCE);
  expect(keda.pushed).toEqual([false, true, false]);
  expect(Math.max(...keda.wanted)).toBe(3);
  // While the datasets are fetched there is one, before and after that none.
  expect(keda.wanted.slice(0, 2)).toEqual([0, 1]);
});

it('counts what waits and what is worked on, as far as trainers may take it', async () => {
  const many = new Keda(stack.scaler, 'keda', '4');
  const [trainer] = stack.addTrainers(1, () => undefined);
  await stack.startRun({ pairs: ['eurusd'], horizons: [15, 30, 45, 60, 75, 90], maxWorkers: 5 });
  await vi.waitUntil(() => trainer!.assigned.length === 1, PATIENCE);
  expect(await keda.metric()).toBe(5);
  expect(await many.metric()).toBe(6);
  const { metricSpecs } = await callUnary(many.client, many.client.getMetricSpec, many.object);
  expect(metricSpecs).toEqual([{ metricName: SCALER_METRIC, targetSize: 4n, targetSizeFloat: 4 }]);
  many.object.scalerMetadata.horizonsPerTrainer = 'many';
  await expect(many.metric()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await many.stop();
});

it('ends its streams with OK when it stops, and knows the work when it is back', async () => {
  await stack.startRun({ pairs: ['eurusd'], horizons: [15, 30] });
  await vi.waitUntil(async () => (await keda.metric()) === 2, PATIENCE);
  keda.listen();
  await vi.waitUntil(() => keda.pushed.length === 1, PATIENCE);
  await stack.stopCoordinator();
  await vi.waitUntil(() => keda.ended.length === 1, PATIENCE);
  expect(keda.ended).toEqual([0]);
  await expect(keda.isActive()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await stack.startCoordinator();
  await vi.waitUntil(() => keda.isActive().catch(() => false), PATIENCE);
  keda.listen();
  await vi.waitUntil(() => keda.pushed.length === 2, PATIENCE);
  expect([keda.pushed, await keda.metric()]).toEqual([[true, true], 2]);
});

it('takes callers with the certificate and the role alone, and shows a replaced certificate without losing streams', async () => {
  const viewer = new Keda(stack.scaler, 'vera');
  await expect(viewer.isActive()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  await viewer.stop();
  const plain = new ExternalScalerClient(stack.scaler, credentials.createInsecure());
  await expect(callUnary(plain, plain.isActive, keda.object)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  plain.close();
  // What newer versions ask beside it is answered as KEDA expects of scalers that do not have it.
  const same = (bytes: Buffer): Buffer => bytes;
  const newer = '/externalscaler.ExternalScaler/StreamMetricSpec';
  const answer = await new Promise<number | undefined>((resolve) => {
    keda.client.makeUnaryRequest(newer, same, same, Buffer.alloc(0), (error) => resolve(error?.code));
  });
  expect(answer).toBe(status.UNIMPLEMENTED);
  keda.listen();
  await vi.waitUntil(() => keda.pushed.length === 1, PATIENCE);
  const before = await shownCertificate();
  showCertificate();
  await vi.waitUntil(async () => (await shownCertificate()) !== before, PATIENCE);
  const later = new Keda(stack.scaler);
  expect(await later.isActive()).toBe(false);
  await later.stop();
  await stack.startRun({ pairs: ['eurusd'], horizons: [15] });
  await vi.waitUntil(() => keda.pushed.length === 2, PATIENCE);
  expect([keda.pushed, keda.ended]).toEqual([[false, true], []]);
});

it('is not served beyond this machine to callers without certificates', () => {
  const flags = ['--fetcher', '127.0.0.1:1', '--state', folder, '--scaler-listen', '0.0.0.0:7403'];
  expect(() => parseCoordinatorOptions(flags)).toThrow('refusing to listen on 0.0.0.0 without TLS');
});
