import { h, type JSX } from '/lib/preact.js';
import type { Run, Suspicion } from './model.js';
import { shown } from './words.js';

/** Suspicions that are listed; all are in the report. */
const LISTED = 30;

/** Features that predict too well to be believed, each once a pair. */
export function Suspicions({ run }: { run: Run }): JSX.Element | null {
  const found = new Map<string, Suspicion & { pair: string; horizons: number[] }>();
  for (const { pair, horizon, summary } of run.tasks) {
    for (const suspicion of summary?.suspicions ?? []) {
      const key = `${pair} ${suspicion.retained} ${suspicion.featureId}`;
      const before = found.get(key);
      found.set(key, { ...suspicion, pair, horizons: [...(before?.horizons ?? []), horizon] });
    }
  }
  if (found.size === 0) return null;
  const all = [...found.values()].sort((a, b) => Number(a.retained) - Number(b.retained));
  return (
    <section class="card" aria-labelledby="suspicions-title">
      <h2 id="suspicions-title">
        Suspicious features <small>{all.length}</small>
      </h2>
      <ul class="reasons">
        {all.slice(0, LISTED).map(({ pair, featureId, reason, retained, horizons }) => (
          <li key={`${pair} ${retained} ${featureId}`}>
            <b class="mono">{shown(featureId)}</b> {shown(pair)}, {retained ? 'retained' : 'refused'} (
            {horizons.map((horizon) => `h${horizon}`).join(', ')}){reason === '' ? '' : `: ${shown(reason)}`}
          </li>
        ))}
        {all.length > LISTED ? <li>and {all.length - LISTED} more, in the report</li> : null}
      </ul>
    </section>
  );
}
