/** A signal that is aborted with any of others, until it is released. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  /** Stops following. Without it a signal that lives long, as a server's does, keeps all that followed it. */
  release(): void;
}

export function linkSignals(...sources: readonly AbortSignal[]): LinkedSignal {
  const linked = new AbortController();
  const abort = ({ target }: Event): void => linked.abort((target as AbortSignal).reason);
  for (const source of sources) {
    if (source.aborted) linked.abort(source.reason);
    source.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: linked.signal,
    release: () => {
      for (const source of sources) source.removeEventListener('abort', abort);
    },
  };
}
