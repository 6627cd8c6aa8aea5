import type { MethodDefinition, Server, ServerWritableStream } from '@grpc/grpc-js';
import { quoted } from '@onescan/contract/format/sendable-text.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { HealthImplementation } from 'grpc-health-check';
import { guardedService } from './guard/guarded-service.js';
import { unary } from './handlers.js';

interface Request {
  readonly service: string;
}
type Watch = ServerWritableStream<Request, unknown>;
type Implementation = Record<string, unknown> & { watch(call: Watch): void };
type Definition = Readonly<Record<string, MethodDefinition<object, object>>>;

/** A request is the name of a service. */
const REQUEST_BYTES = 1_024;

/** The gRPC health service of a server, whose watchers do not keep the server from ending. */
export class Health {
  readonly #names: readonly string[];
  readonly #implementation: HealthImplementation;
  readonly #watches = new Set<Watch>();
  #serving = true;

  /** @param names fully qualified service names; the server as a whole is the empty name */
  constructor(names: readonly string[]) {
    this.#names = ['', ...names];
    this.#implementation = new HealthImplementation(
      Object.fromEntries(this.#names.map((name) => [name, 'SERVING' as const])),
    );
  }

  addTo(server: Server): void {
    const addService = (definition: Definition, given: Implementation): void => {
      const watch = (call: Watch): void => {
        this.#watches.add(call);
        call.on('cancelled', () => this.#watches.delete(call));
        // The package would keep every name that was ever asked for.
        if (this.#names.includes(call.request.service)) given.watch(call);
        else call.write({ status: 'SERVICE_UNKNOWN' });
      };
      const check = unary(async ({ service }: Request) => this.#check(service));
      const methods = Object.fromEntries(
        Object.keys(definition).map((name) => [name, { bytes: REQUEST_BYTES }]),
      );
      const guarded = guardedService(definition, { methods, fields: {} });
      server.addService(guarded, { ...given, check, watch } as Parameters<Server['addService']>[1]);
    };
    this.#implementation.addToServer({ addService } as unknown as Parameters<
      HealthImplementation['addToServer']
    >[0]);
  }

  #check(service: string): { status: 'SERVING' | 'NOT_SERVING' } {
    if (this.#names.includes(service)) return { status: this.#serving ? 'SERVING' : 'NOT_SERVING' };
    throw new OnescanError('NOT_FOUND', `this server has no service ${quoted(service, 64)}`);
  }

  /** Tells watchers, once for every change. */
  setServing(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    for (const name of this.#names) this.#implementation.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }

  /** Ends the streams of watchers, after what they were told. */
  endWatches(): void {
    for (const call of this.#watches) call.end();
    this.#watches.clear();
  }
}
