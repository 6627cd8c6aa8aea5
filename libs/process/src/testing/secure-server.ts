import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientReadableStream } from '@grpc/grpc-js';
import {
  FetcherServiceClient,
  type FetcherServiceServer,
  FetcherServiceService,
  type ReadDatasetResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { Access } from '../grpc/access/access.js';
import { calledBy, callerOf } from '../grpc/caller.js';
import { callUnary, createClient } from '../grpc/client.js';
import { guardedService, type ServiceLimits } from '../grpc/guard/guarded-service.js';
import type { ServerLimits } from '../grpc/guard/server-limits.js';
import { serverStream, unary } from '../grpc/handlers.js';
import { type RunningServer, startServer } from '../grpc/start-server.js';
import type { ChannelSecurity } from '../grpc/tls/channel-security.js';
import { ServerTls } from '../grpc/tls/server-tls.js';
import type { Logger } from '../log.js';
import {
  makeAuthority,
  makeCertificate,
  replaceFile,
  type TestIdentity,
  writeIdentity,
} from './certificates.js';

/** Files are looked at this often, in milliseconds. */
const RELOAD_MS = 20;

/** What each method takes. */
const BRIEF = {
  methods: Object.fromEntries(
    Object.keys(FetcherServiceService).map((method) => [method, { bytes: 4_096 }]),
  ) as unknown as ServiceLimits<typeof FetcherServiceService>['methods'],
  fields: { datasetId: null },
};

/** A server of the fetcher's methods with certificates of its own, for tests of who is let in. */
export class SecureServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'onescan-secure-'));
  readonly authority = makeAuthority();
  /** Who called, newest last: "alice by certificate". */
  readonly callers: string[] = [];
  /** Their addresses. */
  readonly peers: string[] = [];
  /** What was wrong with the server's files, as its log says. */
  readonly problems: string[] = [];
  /** Streams whose handlers have ended. */
  ended = 0;
  server!: RunningServer;
  tls!: ServerTls;
  access!: Access;
  readonly #clients: FetcherServiceClient[] = [];

  /**
   * @param roles what the file of roles says
   * @param stream bytes of its messages, and how long they may be left unread
   */
  async start(
    roles: object,
    limits: Partial<ServerLimits> = {},
    stream: { chunkBytes?: number; patienceMs?: number } = {},
  ): Promise<void> {
    const identity = this.identity('server', ['127.0.0.1']);
    replaceFile(this.path('ca.crt'), this.authority.cert);
    this.setRoles(roles);
    const files = { ...writeIdentity(this.folder, 'server', identity), clientCa: this.path('ca.crt') };
    this.access = new Access({ rolesFile: this.path('roles.json') }, { reloadMs: RELOAD_MS });
    this.tls = new ServerTls(files, {
      ...{ allowsAnonymous: this.access.hasTokens, reloadMs: RELOAD_MS },
      log: recordingLog(this.problems),
    });
    this.server = await startServer({
      listen: '127.0.0.1:0',
      tls: this.tls,
      access: this.access,
      register: (grpc) =>
        grpc.addService(guardedService(FetcherServiceService, BRIEF), this.#service(stream)),
      healthNames: [],
      limits,
    });
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.server?.shutdown(100);
    this.tls?.close();
    this.access?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  setRoles(roles: object): void {
    replaceFile(this.path('roles.json'), JSON.stringify(roles));
  }

  identity(name: string, hosts: readonly string[] = [], issuer = this.authority): TestIdentity {
    return makeCertificate({ name, hosts, issuer });
  }

  /** Files with which a client of a name calls. */
  security(name: string, identity = this.identity(name)): ChannelSecurity {
    return { ...writeIdentity(this.folder, name, identity), ca: this.path('ca.crt') };
  }

  client(security: ChannelSecurity, address = this.server.address): FetcherServiceClient {
    const client = createClient(
      FetcherServiceClient,
      address,
      { 'grpc.use_local_subchannel_pool': 1 },
      security,
    );
    this.#clients.push(client);
    return client;
  }

  /** The code of the answer to a call that all people and coordinators may make. */
  async list(client: FetcherServiceClient): Promise<string> {
    try {
      await callUnary(client, client.listDatasets, {}, { deadlineMs: 10_000 });
      return 'OK';
    } catch (thrown) {
      return (thrown as OnescanError).code;
    }
  }

  /** An endless stream for trainers. */
  stream(client: FetcherServiceClient): OpenStream {
    return new OpenStream(client.readDataset({ datasetId: '', offset: 0n }));
  }

  #service({
    chunkBytes = 1,
    ...patience
  }: {
    chunkBytes?: number;
    patienceMs?: number;
  }): FetcherServiceServer {
    const server = this;
    return {
      listDatasets: unary(async (_request, call) => {
        server.peers.push(call.getPeer());
        server.callers.push(`${callerOf(call)} by ${calledBy(call)}`);
        return { datasets: [], unreadable: [] };
      }),
      readDataset: serverStream(async function* (_request, _call, signal) {
        try {
          for (let i = 0; !signal.aborted; i++) {
            yield { offset: BigInt(i), chunk: Buffer.alloc(chunkBytes), totalBytes: 0n };
            await sleep(10);
          }
        } finally {
          server.ended++;
        }
      }, patience),
    } as unknown as FetcherServiceServer;
  }
}

function recordingLog(problems: string[]): Logger {
  const quiet = (): void => undefined;
  const error = ({ problem }: { problem: string }): unknown => problems.push(problem);
  return { info: quiet, warn: quiet, error } as unknown as Logger;
}

/** A stream that a test watches. */
export class OpenStream {
  received = 0;
  /** What it ended with, "" while it is open. */
  end = '';

  constructor(call: ClientReadableStream<ReadDatasetResponse>) {
    call.on('data', () => this.received++);
    call.on('error', ({ message }) => {
      this.end = message;
    });
    call.on('end', () => {
      this.end ||= 'end';
    });
  }
}
