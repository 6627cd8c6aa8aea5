import { h, type JSX } from '/lib/preact.js';

/** A name and what it is; a fact without a value is not shown. */
export type Fact = readonly [name: string, value: string];

/** Facts in two columns. */
export function FactList({ facts, small }: { facts: readonly Fact[]; small?: boolean }): JSX.Element {
  return (
    <dl class={small ? 'facts small' : 'facts'}>
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
