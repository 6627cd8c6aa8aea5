import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAIR_TRANSITIONS } from './pair-state.js';
import { isEnded, RUN_TRANSITIONS } from './run-state.js';
import { isTaskEnded, TASK_TRANSITIONS } from './task-state.js';
import { stateDiagram } from './transition.js';

const PAGE = readFileSync(new URL('../../../../docs/reliability.md', import.meta.url), 'utf8');

test.each([
  ['run', stateDiagram(RUN_TRANSITIONS, 'PLANNING', isEnded)],
  ['pair', stateDiagram(PAIR_TRANSITIONS, 'PENDING', (state) => state === 'FETCHED' || state === 'FAILED')],
  ['task', stateDiagram(TASK_TRANSITIONS, 'BLOCKED', isTaskEnded)],
])('the diagram of a %s in docs/reliability.md is its transition table', (_, diagram) => {
  expect(PAGE).toContain(diagram);
});
