export interface MergedListener {
  /** Told when a value is waited for, and when that has ended. */
  onAwaited(awaited: boolean): void;
  /** Makes the iterators end, whatever they wait for; called once, at the end. */
  onEnd(): void;
}

/** Takes from whichever iterator has something; ends all when one fails or the caller stops. */
export async function* merged<T>(
  iterators: readonly AsyncGenerator<T, void, undefined>[],
  listener: MergedListener,
): AsyncGenerator<T, void, undefined> {
  const next = async (i: number) => ({ i, result: await iterators[i]!.next() });
  const pending = new Map(iterators.map((_, i) => [i, next(i)]));
  try {
    while (pending.size > 0) {
      listener.onAwaited(true);
      const { i, result } = await Promise.race(pending.values());
      listener.onAwaited(false);
      if (result.done) {
        pending.delete(i);
        continue;
      }
      yield result.value;
      pending.set(i, next(i));
    }
  } finally {
    for (const promise of pending.values()) promise.catch(() => undefined);
    listener.onEnd();
    await Promise.allSettled(iterators.map((iterator) => iterator.return()));
  }
}
