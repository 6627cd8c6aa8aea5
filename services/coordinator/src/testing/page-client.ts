import { type IncomingHttpHeaders, request } from 'node:http';

/** An answer of the page's server. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON. */
  readonly json: Record<string, never> & { readonly error?: { code: string; message: string } };
}

/** A browser without a screen: speaks to the page's server as its scripts do, or otherwise. */
export class PageClient {
  readonly #url: URL;
  cookie = '';
  key = '';

  /** @param address of the page */
  constructor(address: string) {
    this.#url = new URL(address);
  }

  /** Signs in with a link's ticket or a token. */
  async signIn(with_: { ticket?: string; token?: string }): Promise<PageAnswer> {
    const answer = await this.post('/session', with_);
    const [cookie] = answer.headers['set-cookie'] ?? [];
    if (answer.status !== 200 || cookie === undefined) return answer;
    this.cookie = cookie.split(';', 1)[0]!;
    this.key = answer.json.key as unknown as string;
    return answer;
  }

  /** Asks for a file. */
  get(path: string, headers: Record<string, string> = {}): Promise<PageAnswer> {
    return this.send('GET', path, headers);
  }

  /** Asks as the page's scripts do; headers that are given replace theirs. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<PageAnswer> {
    const own = { 'content-type': 'application/json', 'x-onescan-page-key': this.key };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.send('POST', path, { origin: this.#url.origin, ...own, ...headers }, text);
  }

  /** Sends a request and waits for the end of its answer. */
  send(method: string, path: string, headers: Record<string, string>, body = ''): Promise<PageAnswer> {
    const { hostname, port } = this.#url;
    const cookie = this.cookie === '' ? {} : { cookie: this.cookie };
    return new Promise((resolve, reject) => {
      const options = { hostname, port, path, method, agent: false, headers: { ...cookie, ...headers } };
      const call = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        // One that was cut off is what came of it.
        response.on('error', () => undefined);
        response.on('close', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = response.headers['content-type'] === 'application/json';
          resolve({
            ...{ status: response.statusCode!, headers: response.headers, text },
            json: isJson && text !== '' ? JSON.parse(text) : {},
          });
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}
