import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Where Kubernetes mounts the token of a pod's service account, the authority of its API, and the namespace. */
export const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What a call may take, in milliseconds. */
const TIMEOUT_MS = 5_000;
/** Of an answer that refuses, as much is read as a message of it holds. */
const MAX_ANSWER_BYTES = 8_192;

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add' | 'test';
  readonly path: string;
  readonly value: string;
}

/** Changes pods of the own namespace through the Kubernetes API, with the rights of the pod's service account. */
export class PodApi {
  readonly #host: string;
  readonly #port: string;
  readonly #folder: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });

  /**
   * @param folder with `token`, `ca.crt` and `namespace`; read for each call, as tokens and authorities are renewed
   * @param environment where Kubernetes says the address of its API
   */
  constructor(folder: string = SERVICE_ACCOUNT, environment: NodeJS.ProcessEnv = process.env) {
    this.#folder = folder;
    this.#host = environment.KUBERNETES_SERVICE_HOST ?? '';
    this.#port = environment.KUBERNETES_SERVICE_PORT ?? '443';
  }

  /**
   * Patches a pod: all operations or, where a test among them fails, none.
   *
   * @throws OnescanError UNAVAILABLE when the API cannot be reached or there is none, PERMISSION_DENIED when it refuses the account,
   *   FAILED_PRECONDITION when there is no such pod or a test failed
   */
  async patch(pod: string, operations: readonly PatchOperation[]): Promise<void> {
    if (this.#host === '') throw unreachable('KUBERNETES_SERVICE_HOST is not set');
    const [token, ca, namespace] = await Promise.all(
      ['token', 'ca.crt', 'namespace'].map((name) => this.#read(name)),
    );
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace!)}/pods/${encodeURIComponent(pod)}`;
    const { status, text } = await this.#send(path, JSON.stringify(operations), { token: token!, ca: ca! });
    if (status >= 200 && status < 300) return;
    throw refused(status, pod, text);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #read(name: string): Promise<string> {
    const path = join(this.#folder, name);
    try {
      return (await readFile(path, 'utf8')).trim();
    } catch (cause) {
      throw unreachable(`${path} cannot be read`, cause);
    }
  }

  #send(
    path: string,
    body: string,
    { token, ca }: { token: string; ca: string },
  ): Promise<{ status: number; text: string }> {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json-patch+json',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
    };
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(unreachable(`${this.#host}:${this.#port}: ${cause.message}`, cause));
      const call = request({
        ...{ method: 'PATCH', host: this.#host, port: this.#port, path, headers, ca },
        ...{ agent: this.#agent, signal: AbortSignal.timeout(TIMEOUT_MS) },
      });
      call.on('error', fail);
      call.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        // Read to its end, so that the connection is good for the next call; kept only as far as it is shown.
        answer.on('data', (chunk: string) => (text = (text + chunk).slice(0, MAX_ANSWER_BYTES)));
        answer.on('error', fail);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      call.end(body);
    });
  }
}

function unreachable(why: string, cause?: unknown): OnescanError {
  return new OnescanError('UNAVAILABLE', `the Kubernetes API cannot be asked: ${why}`, {
    remedy:
      'Mount the token of the service account, and let the coordinator reach the API (docs/kubernetes.md)',
    ...(cause === undefined ? {} : { cause }),
  });
}

function refused(status: number, pod: string, text: string): OnescanError {
  const message = `the Kubernetes API refused to change pod ${pod} with ${status}: ${messageOf(text)}`;
  if (status === 401 || status === 403) {
    return new OnescanError('PERMISSION_DENIED', message, {
      remedy: 'Give the service account of the coordinator the right to patch pods of its namespace',
    });
  }
  if (status >= 500 || status === 429) return new OnescanError('UNAVAILABLE', message);
  return new OnescanError('FAILED_PRECONDITION', message);
}

/** The message of a Status object, or what came instead. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message.slice(0, 300);
  } catch {
    // No JSON: shown as it came.
  }
  return text.slice(0, 300);
}
