import { once } from 'node:events';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import {
  CoordinatorServiceService,
  GetLedgerRequest,
  GetReportRequest,
  WatchRunRequest,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceService, ReadDatasetRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { SeededChoice } from '../faults/seeded-choice.js';
import {
  FRAME_KINDS,
  leaveUnread,
  OTHER_PROTOCOLS,
  sendBareFrames,
  sendOtherProtocol,
} from './bare-frames.js';
import type { KnownIds } from './known-ids.js';
import { RPCS, type ServerName } from './rpcs.js';

type Addresses = Readonly<Record<ServerName, string>>;

/** Downloads of every kind that are asked for and never read, so many of each; call to end them. */
export function leaveDownloadsUnread(addresses: Addresses, known: KnownIds, ofEach: number): () => void {
  const { runId, datasetId } = known;
  const { getReport, getLedger, watchRun } = CoordinatorServiceService;
  const bytes = (message: { finish(): Uint8Array }): Buffer => Buffer.from(message.finish());
  const asked: [ServerName, string, Buffer][] = [
    ['coordinator', getReport.path, bytes(GetReportRequest.encode({ runId }))],
    ['coordinator', getLedger.path, bytes(GetLedgerRequest.encode({ runId, pair: '', horizon: 0 }))],
    ['coordinator', watchRun.path, bytes(WatchRunRequest.encode({ runId, afterSequence: 0n }))],
    [
      'fetcher',
      FetcherServiceService.readDataset.path,
      bytes(ReadDatasetRequest.encode({ datasetId, offset: 0n })),
    ],
  ];
  const unread = asked.flatMap(([server, path, request]) =>
    Array.from({ length: ofEach }, () => leaveUnread(addresses[server], path, request)),
  );
  return () => {
    for (const download of unread) download.close();
  };
}

/** How calls over bare HTTP/2 ended, by kind: statuses with their numbers. */
export type FrameCounts = Readonly<Record<string, Record<string, number>>>;

/** Sends every kind of broken frames to a number of methods of both servers, and other protocols than HTTP/2. */
export async function sendBrokenFrames(
  seed: number,
  addresses: Addresses,
  methods: number,
): Promise<FrameCounts> {
  const choice = new SeededChoice(seed);
  const counts: FrameCounts = Object.fromEntries(FRAME_KINDS.map((kind) => [kind, {}]));
  for (let i = 0; i < methods; i++) {
    const { server, path } = choice.of(RPCS);
    const sent = FRAME_KINDS.map(async (kind) => {
      const outcome = await sendBareFrames(addresses[server], path, kind, choice);
      counts[kind]![outcome] = (counts[kind]![outcome] ?? 0) + 1;
    });
    const others = OTHER_PROTOCOLS.map((bytes) => sendOtherProtocol(addresses[server], bytes));
    await Promise.all([...sent, ...others]);
  }
  return counts;
}

/** How the calls of a flood ended, by status, and how long they took. */
export interface Flood {
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** As many calls on one connection as fast as it takes them. */
export async function floodOneConnection(address: string, calls: number): Promise<Flood> {
  const started = performance.now();
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const same = (bytes: Buffer): Buffer => bytes;
  const { path } = CoordinatorServiceService.listTrainers;
  const counts: Record<string, number> = {};
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const deadline = Date.now() + 120_000;
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), new Metadata(), { deadline }, (error) => {
        const code = status[error?.code ?? status.OK]!;
        counts[code] = (counts[code] ?? 0) + 1;
        resolve();
      });
    });
  await Promise.all(Array.from({ length: calls }, one));
  client.close();
  return { counts, seconds: (performance.now() - started) / 1_000 };
}

/** Connections that are opened and say nothing, as many as a server takes and more; call to close them. */
export async function openSilentConnections(address: string, count: number): Promise<() => void> {
  const { connect } = await import('node:net');
  const [host, port] = address.split(':');
  const sockets = Array.from({ length: count }, () =>
    connect({ host: host!, port: Number(port) }).on('error', () => undefined),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => undefined)));
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}
