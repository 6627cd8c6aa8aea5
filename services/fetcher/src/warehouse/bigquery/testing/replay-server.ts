import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BigQueryApi } from '../bigquery-api.js';

/** An answer to send; a body that is a text goes as it is. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

export interface ReplayServer {
  /** "GET /jobs/J", ... in order, without the project. */
  readonly requests: string[];
  /** Replaces what is sent: one answer a request, the last one from then on. */
  send(...answers: readonly Answer[]): void;
  /** The production client on this server; it asks again after a millisecond. */
  api(): BigQueryApi;
  close(): Promise<void>;
}

const PATH = /^(?:\/bigquery\/v2)?\/projects\/[^/]+([^?]*)/;

/** Starts a server on a free loopback port that sends what it was given, whatever is asked for. */
export async function startReplayServer(): Promise<ReplayServer> {
  const requests: string[] = [];
  let answers: readonly Answer[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${PATH.exec(request.url ?? '')?.[1] ?? request.url}`);
    const { status = 200, body } = answers[0] ?? { status: 500, body: '' };
    if (answers.length > 1) answers = answers.slice(1);
    request.resume().on('end', () => {
      response.writeHead(status, {
        'content-type': typeof body === 'string' ? 'text/html' : 'application/json',
      });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.BIGQUERY_EMULATOR_HOST = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    requests,
    send(...given) {
      requests.length = 0;
      answers = given;
    },
    api: () => new BigQueryApi('p', 'US', { attempts: 3, firstDelayMs: 1, maxDelayMs: 1 }),
    close: async () => {
      delete process.env.BIGQUERY_EMULATOR_HOST;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
