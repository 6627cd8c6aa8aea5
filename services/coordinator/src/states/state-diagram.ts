import type { Transitions } from './transition.js';

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
