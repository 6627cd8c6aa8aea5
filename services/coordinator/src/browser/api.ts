import type { Me, RunEvent } from './model.js';

/** Where the key of the session is kept; it is worth nothing without the cookie, which scripts cannot read. */
const KEY = 'onescan-page-key';

/** What the server answered instead. */
export class ApiError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(error: { code: string; message: string; remedy: string }) {
    super(error.message);
    this.code = error.code;
    this.remedy = error.remedy;
  }
}

/** True when the server could not be asked, so that asking again may help. */
export function isOffline(thrown: unknown): boolean {
  return !(thrown instanceof ApiError) || thrown.code === 'UNAVAILABLE';
}

/** True when nobody is signed in any longer. */
export function isSignedOut(thrown: unknown): boolean {
  return thrown instanceof ApiError && thrown.code === 'UNAUTHENTICATED';
}

/**
 * Calls a method of the coordinator.
 *
 * @throws ApiError with what the server says, TypeError when it cannot be reached
 */
export async function call<Answer>(method: string, request: object = {}): Promise<Answer> {
  return (await (await post(`/api/${method}`, request)).json()) as Answer;
}

/** Signs in with a link's ticket or a token; undefined when it does not sign in. */
export async function signIn(proof: { ticket: string } | { token: string }): Promise<Me> {
  const answer = (await (await post('/session', proof)).json()) as Me & { key: string };
  localStorage.setItem(KEY, answer.key);
  return answer;
}

/** Signs out, here and in the browser's other pages. */
export async function signOut(): Promise<void> {
  await post('/sign-out', {}).catch(() => undefined);
  localStorage.removeItem(KEY);
}

/**
 * Follows a run's events from after a sequence number, until the run or the signal ends. A connection that breaks is made
 * again from the last event on.
 */
export async function follow(
  runId: string,
  {
    signal,
    onEvents,
    onOffline,
    onEnd,
  }: {
    signal: AbortSignal;
    onEvents(events: readonly RunEvent[]): void;
    onOffline(thrown: unknown): void;
    onEnd(): void;
  },
): Promise<void> {
  let last = '0';
  for (let waitMs = 500; !signal.aborted; waitMs = Math.min(2 * waitMs, 5_000)) {
    try {
      const response = await post('/api/watchRun', { runId }, { signal, headers: { 'last-event-id': last } });
      for await (const events of readEvents(response)) {
        waitMs = 500;
        last = events.at(-1)?.sequence ?? last;
        if (events.length > 0) onEvents(events);
        else return onEnd();
      }
      throw new TypeError('the stream of events has ended');
    } catch (thrown) {
      if (signal.aborted) return;
      onOffline(thrown);
      if (!isOffline(thrown)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** Events that are taken up at once: after so many the page answers keys and draws. */
const AT_ONCE = 200;

/** Events as they come, some together; an empty list when there are no more. */
async function* readEvents(response: Response): AsyncGenerator<RunEvent[]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop()!;
    const data = blocks.filter((block) => block.startsWith('id: '));
    for (let at = 0; at < data.length; at += AT_ONCE) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve));
      yield data.slice(at, at + AT_ONCE).map(parseEvent);
    }
    if (blocks.some((block) => block.startsWith('event: end'))) yield [];
  }
}

function parseEvent(block: string): RunEvent {
  return JSON.parse(block.slice(block.indexOf('\ndata: ') + 7)) as RunEvent;
}

async function post(
  path: string,
  body: object,
  { headers = {}, ...init }: { headers?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Response> {
  const key = localStorage.getItem(KEY) ?? '';
  const response = await fetch(path, {
    ...init,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-onescan-page-key': key, ...headers },
    body: JSON.stringify(body),
  });
  if (response.ok) return response;
  const { error } = (await response.json()) as { error: ConstructorParameters<typeof ApiError>[0] };
  throw new ApiError(error);
}
