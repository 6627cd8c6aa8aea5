import type {
  DatasetRef,
  FetcherServiceClient,
  FetchPairRequest,
  FetchProgress,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import { AnswerCheck } from './answer-check.js';
import { type AskAgainOptions, askAgain } from './ask-again.js';
import { fetcherError } from './ask-fetcher.js';
import { type AskedDataset, checkDataset, checkProgress } from './check-fetch.js';

export interface FetchHooks extends AskAgainOptions {
  onProgress(progress: FetchProgress): void;
  /** Spans of the fetcher, as it sent them. */
  onSpans(spans: Uint8Array): void;
  /** Default {@link STREAM_BOUNDS}. */
  bounds?: StreamBounds;
}

/** Bounds of a fetch's stream of progress. */
export interface StreamBounds {
  /** Between two messages; a fetcher sends some a second whatever it does. */
  readonly silenceMs: number;
  readonly totalMs: number;
  /** Messages at once, and then a second. */
  readonly burst: number;
  readonly perSecond: number;
}

export const STREAM_BOUNDS: StreamBounds = {
  silenceMs: 2 * 60_000,
  totalMs: 24 * 3_600_000,
  burst: 1_000,
  perSecond: 50,
};

/**
 * Has a pair's dataset fetched. A fetcher that cannot be reached is asked again, which costs nothing: it
 * answers from its cache or joins the fetch under way.
 *
 * @param request made anew each time it is asked: what was billed meanwhile is gone from what it may bill
 * @throws OnescanError as the fetcher sends it; INTERNAL when what it says is not valid, e.g. another dataset than
 *   the plan's; DEADLINE_EXCEEDED when it falls silent or does not end
 */
export function askDataset(
  fetcher: FetcherServiceClient,
  asked: { request: () => Promise<FetchPairRequest> } & Omit<AskedDataset, 'request'>,
  hooks: FetchHooks,
): Promise<DatasetRef> {
  const { request, ...plans } = asked;
  return askAgain(async () => fetchOnce(fetcher, { request: await request(), ...plans }, hooks), hooks);
}

async function fetchOnce(
  fetcher: FetcherServiceClient,
  asked: AskedDataset,
  hooks: FetchHooks,
): Promise<DatasetRef> {
  const { pair } = asked.planned;
  const watch = new StreamWatch(pair, hooks.bounds ?? STREAM_BOUNDS);
  const signal = AbortSignal.any([hooks.signal, watch.signal]);
  try {
    for await (const { message } of callServerStream(fetcher, fetcher.fetchPair, asked.request, { signal })) {
      watch.heard();
      if (message?.$case === 'dataset') return checkDataset(message.value, asked);
      if (message?.$case === 'spans') hooks.onSpans(message.value);
      if (message?.$case === 'progress') hooks.onProgress(checkProgress(pair, message.value));
    }
  } catch (thrown) {
    throw watch.signal.aborted ? watch.signal.reason : fetcherError(thrown);
  } finally {
    watch.stop();
  }
  return new AnswerCheck(pair).fail('it ended without a dataset');
}

/** Ends a stream that falls silent, says too much or does not end. */
class StreamWatch {
  readonly #pair: string;
  readonly #bounds: StreamBounds;
  readonly #abort = new AbortController();
  readonly #startedMs = performance.now();
  readonly #end: NodeJS.Timeout;
  #silence: NodeJS.Timeout;
  #heard = 0;

  constructor(pair: string, bounds: StreamBounds) {
    this.#pair = pair;
    this.#bounds = bounds;
    const { totalMs } = bounds;
    this.#end = setTimeout(() => this.#giveUp(`the fetch did not end within ${totalMs / 1000} s`), totalMs);
    this.#silence = this.#awaitMessage();
  }

  /** Aborted with the error that says why. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  heard(): void {
    clearTimeout(this.#silence);
    this.#silence = this.#awaitMessage();
    const { burst, perSecond } = this.#bounds;
    const allowed = burst + ((performance.now() - this.#startedMs) / 1000) * perSecond;
    if (++this.#heard > allowed)
      new AnswerCheck(this.#pair).fail(`it sends more than ${perSecond} messages a second`);
  }

  stop(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#end);
  }

  #awaitMessage(): NodeJS.Timeout {
    const { silenceMs } = this.#bounds;
    return setTimeout(() => this.#giveUp(`the fetcher was silent for ${silenceMs / 1000} s`), silenceMs);
  }

  #giveUp(why: string): void {
    const remedy = 'Look at the log of the fetcher, start it again, then resume the run';
    this.#abort.abort(new OnescanError('DEADLINE_EXCEEDED', `${this.#pair}: ${why}`, { remedy }));
  }
}
