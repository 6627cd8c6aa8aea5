import type { Server, ServerWritableStream } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

type Watch = ServerWritableStream<unknown, unknown>;
type Implementation = Record<string, unknown> & { watch(call: Watch): void };

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
    const addService = (definition: Parameters<Server['addService']>[0], given: Implementation): void => {
      const watch = (call: Watch): void => {
        this.#watches.add(call);
        call.on('cancelled', () => this.#watches.delete(call));
        given.watch(call);
      };
      server.addService(definition, { ...given, watch } as Parameters<Server['addService']>[1]);
    };
    this.#implementation.addToServer({ addService } as unknown as Parameters<
      HealthImplementation['addToServer']
    >[0]);
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
