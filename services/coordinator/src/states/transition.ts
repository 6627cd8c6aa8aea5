import { OnescanError } from '@onescan/contract/onescan-error.js';

/** For every state, the states that may follow it. */
export type Transitions<S extends string> = Readonly<Record<S, readonly S[]>>;

/**
 * Checks one step of a state machine.
 *
 * @throws OnescanError INTERNAL naming the thing, where it is and where it was to go
 */
export function requireTransition<S extends string>(
  transitions: Transitions<S>,
  thing: string,
  step: { from: S; to: S },
): void {
  if (transitions[step.from].includes(step.to)) return;
  throw new OnescanError('INTERNAL', `${thing} cannot go from ${step.from} to ${step.to}`, {
    details: { thing, from: step.from, to: step.to },
  });
}

/** A state machine as a Mermaid state diagram, for the documentation: docs/reliability.md is checked against it. */
export function stateDiagram<S extends string>(
  transitions: Transitions<S>,
  first: S,
  isEnded: (state: S) => boolean,
): string {
  const states = Object.keys(transitions) as S[];
  const steps = states.flatMap((from) => transitions[from].map((to) => `    ${from} --> ${to}`));
  const ends = states.filter(isEnded).map((state) => `    ${state} --> [*]`);
  return ['```mermaid', 'stateDiagram-v2', `    [*] --> ${first}`, ...steps, ...ends, '```'].join('\n');
}
