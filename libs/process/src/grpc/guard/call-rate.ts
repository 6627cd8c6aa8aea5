/** Connections whose calls are counted at once; beyond that the oldest ones are forgotten, as if they had rested. */
const MAX_KNOWN = 4_096;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A token bucket a connection: so many calls a second, after a burst. */
export class CallRate {
  readonly perSecond: number;
  readonly #burst: number;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param clock monotonic, in milliseconds */
  constructor(
    { perSecond, burst }: { perSecond: number; burst: number },
    clock: () => number = () => performance.now(),
  ) {
    this.perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Counts a call; false when its connection has none left now. */
  take(peer: string): boolean {
    const now = this.#clock();
    const bucket = this.#buckets.get(peer) ?? { tokens: this.#burst, atMs: now };
    const refilled = bucket.tokens + ((now - bucket.atMs) / 1_000) * this.perSecond;
    bucket.tokens = Math.min(this.#burst, refilled);
    bucket.atMs = now;
    // The newest stand last.
    this.#buckets.delete(peer);
    this.#buckets.set(peer, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_KNOWN && oldest !== undefined) this.#buckets.delete(oldest);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
