import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { AggregationTemporality, MetricReader } from '@opentelemetry/sdk-metrics';
import { parseAddress } from '../grpc/address.js';
import type { Exemplars } from './exemplars.js';
import { EXPOSITIONS, type ExpositionFormat, exposition } from './exposition.js';

/** Where Prometheus looks. */
const PATH = '/metrics';

/** Serves what is measured to Prometheus, at the time that it asks. */
export class ScrapeReader extends MetricReader {
  readonly #server: Server;
  readonly #exemplars: Exemplars;

  /** @param exemplars what OpenMetrics is told beside the figures */
  constructor(exemplars: Exemplars) {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
    this.#exemplars = exemplars;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    }).unref();
  }

  /**
   * Listens on "host:port".
   *
   * @returns the address that is scraped
   * @throws OnescanError INVALID_ARGUMENT for another kind of address, UNAVAILABLE when it cannot be bound
   */
  async listen(listen: string): Promise<string> {
    const address = parseAddress('--metrics-listen', listen);
    if (address.kind !== 'tcp') {
      throw new OnescanError('INVALID_ARGUMENT', `--metrics-listen ${listen} is no host and port`, {
        remedy: 'Prometheus scrapes over TCP: give e.g. 127.0.0.1:9464',
      });
    }
    try {
      const host = address.host.replace(/^\[(.*)\]$/, '$1');
      await once(this.#server.listen(address.port, host), 'listening');
    } catch (cause) {
      throw new OnescanError('UNAVAILABLE', `cannot listen on ${listen}: ${(cause as Error).message}`, {
        remedy: 'Choose another port for --metrics-listen',
        cause,
      });
    }
    const { port } = this.#server.address() as AddressInfo;
    return `http://${address.host}:${port}${PATH}`;
  }

  protected async onForceFlush(): Promise<void> {}

  protected async onShutdown(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer({ url = '', method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (url.split('?')[0] !== PATH) return void response.writeHead(404).end();
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET' }).end();
    const isOpen = headers.accept?.includes('application/openmetrics-text') ?? false;
    const format: ExpositionFormat = isOpen ? 'openMetrics' : 'text';
    const { resourceMetrics } = await this.collect();
    const text = exposition(resourceMetrics, format, this.#exemplars);
    response.writeHead(200, { 'content-type': EXPOSITIONS[format] }).end(text);
  }
}
