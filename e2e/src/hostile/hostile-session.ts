import { Client, credentials } from '@grpc/grpc-js';
import { StartRunRequest, StartRunResponse } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode } from '@onescan/contract/generated/onescan/v1/spec.js';
import { SeededChoice } from '../faults/seeded-choice.js';
import { type CallOutcome, hostileCall } from './hostile-call.js';
import type { KnownIds } from './known-ids.js';
import { RPCS, type Rpc, type ServerName } from './rpcs.js';

export interface SessionOptions {
  /** Message i of a seed is made of the same choices, whatever else is under way. */
  readonly seed: number;
  /** At least so many messages, the same number for every RPC. */
  readonly messages: number;
  readonly addresses: Readonly<Record<ServerName, string>>;
  readonly known: KnownIds;
}

/** What became of the messages of one RPC. */
export interface RpcCount {
  messages: number;
  calls: number;
  /** Time that its calls took, added up. */
  milliseconds: number;
  /** Calls by the name of their status. */
  readonly codes: Record<string, number>;
}

export interface SessionReport {
  readonly seed: number;
  readonly messages: number;
  readonly rpcs: Readonly<Record<string, RpcCount>>;
  /** Answers that no request may have, each with what it takes to send it again. */
  readonly oddities: readonly string[];
}

/** Statuses that say that a service failed, rather than that its caller did. */
const FAULTS: ReadonlySet<string> = new Set(['UNKNOWN', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'ABORTED']);

const CONNECTIONS = 6;
/** Well below what one connection may send at once. */
const CALLS_PER_CONNECTION = 500;
const AT_THE_SAME_TIME = 16;
const MOST_ODDITIES = 50;

/** Messages that each RPC gets at least. */
export function sharePerRpc(messages: number): number {
  return Math.ceil(messages / RPCS.length);
}

/** Sends hostile messages to every RPC of running services, from several connections at the same time. */
export async function runHostileSession(options: SessionOptions): Promise<SessionReport> {
  const session = new Session(options);
  await Promise.all(Array.from({ length: AT_THE_SAME_TIME }, () => session.work()));
  return session.close();
}

class Session {
  readonly #options: SessionOptions;
  readonly #choice: SeededChoice;
  readonly #share: number;
  readonly #rpcs: Record<string, RpcCount>;
  readonly #oddities: string[] = [];
  readonly #peers = new Map<string, Peer>();
  #calls = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#choice = new SeededChoice(options.seed);
    this.#share = sharePerRpc(options.messages);
    this.#rpcs = Object.fromEntries(
      RPCS.map(({ name }) => [name, { messages: 0, calls: 0, milliseconds: 0, codes: {} }]),
    );
  }

  /** Calls until every RPC has had its share. */
  async work(): Promise<void> {
    for (let rpc = this.#next(); rpc; rpc = this.#next()) {
      const index = this.#calls++;
      const choice = new SeededChoice(this.#options.seed * 1_000_003 + index);
      const outcome = await this.#peer(rpc.server).call(rpc, this.#options.known, choice);
      this.#note(rpc, index, outcome);
    }
  }

  close(): SessionReport {
    for (const peer of this.#peers.values()) peer.close();
    const messages = Object.values(this.#rpcs).reduce((sum, count) => sum + count.messages, 0);
    return {
      seed: this.#options.seed,
      messages,

      rpcs: this.#rpcs,
      oddities: this.#oddities,
    };
  }

  /** One of the RPCs that have not had their share, rather one that lacks much; its next message counts at once. */
  #next(): Rpc | undefined {
    const left = RPCS.map(({ name }) => Math.max(0, this.#share - this.#rpcs[name]!.messages));
    let at = this.#choice.next() * left.reduce((sum, messages) => sum + messages, 0);
    const rpc = RPCS.find((_, i) => {
      at -= left[i]!;
      return at < 0;
    });
    if (rpc) this.#rpcs[rpc.name]!.messages++;
    return rpc;
  }

  #peer(server: ServerName): Peer {
    const slot = `${server} ${this.#choice.between(1, CONNECTIONS)}`;
    const peer = this.#peers.get(slot);
    if (peer && !peer.isSpent) return peer;
    peer?.close();
    const fresh = new Peer(this.#options.addresses[server]);
    this.#peers.set(slot, fresh);
    return fresh;
  }

  #note(rpc: Rpc, index: number, outcome: CallOutcome): void {
    const { sent, code, details, answer, milliseconds, first } = outcome;
    const count = this.#rpcs[rpc.name]!;
    count.messages += sent - 1;
    count.calls++;
    count.milliseconds += milliseconds;
    count.codes[code] = (count.codes[code] ?? 0) + 1;
    if (rpc.name === 'StartRun' && answer) this.#noteRun(first, StartRunResponse.decode(answer).runId);
    if (!FAULTS.has(code) || this.#oddities.length >= MOST_ODDITIES) return;
    const message = first.subarray(0, 2_000).toString('base64');
    this.#oddities.push(
      `${rpc.name} of ${rpc.server}, call ${index}: ${code} ${details}\n  first message, base64: ${message}`,
    );
  }

  #noteRun(request: Buffer, runId: string): void {
    const { started, selfApproved } = this.#options.known;
    started.push(runId);
    const { spec, rerunOf } = StartRunRequest.decode(request);
    const inherits = spec === undefined && rerunOf !== '';
    if (inherits || spec?.approvalMode === ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET) selfApproved.add(runId);
  }
}

/** A connection, which closes when its last call has ended. */
class Peer {
  readonly #client: Client;
  #left = CALLS_PER_CONNECTION;
  #underWay = 0;
  #isClosed = false;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    });
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  async call(rpc: Rpc, known: KnownIds, choice: SeededChoice): Promise<CallOutcome> {
    this.#left--;
    this.#underWay++;
    const outcome = await hostileCall(this.#client, rpc, known, choice);
    this.#underWay--;
    this.#closeWhenUnused();
    return outcome;
  }

  close(): void {
    this.#isClosed = true;
    this.#closeWhenUnused();
  }

  #closeWhenUnused(): void {
    if (this.#isClosed && this.#underWay === 0) this.#client.close();
  }
}
