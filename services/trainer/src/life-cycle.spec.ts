import { expect, test } from 'vitest';
import { LifeCycle, type TrainerState } from './life-cycle.js';

function walked(...states: TrainerState[]): LifeCycle {
  const life = new LifeCycle();
  for (const state of states) life.to(state);
  return life;
}

test('a usual life: connect, work, lose the stream, work again, drain, stop', () => {
  const seen: string[] = [];
  const life = new LifeCycle((state, before) => seen.push(`${before}>${state}`));
  for (const state of [
    'CONNECTING',
    'IDLE',
    'WORKING',
    'CONNECTING',
    'IDLE',
    'DRAINING',
    'STOPPED',
  ] as const) {
    life.to(state);
  }
  expect(life.isOver).toBe(true);
  expect(seen).toHaveLength(7);
  expect(seen.at(-1)).toBe('DRAINING>STOPPED');
});

test('the present state again is no transition', () => {
  const seen: string[] = [];
  const life = new LifeCycle((state) => seen.push(state));
  life.to('CONNECTING');
  life.to('CONNECTING');
  expect(seen).toEqual(['CONNECTING']);
});

test('nothing leaves the final states, nothing new is taken while draining', () => {
  const draining = walked('CONNECTING', 'IDLE', 'DRAINING');
  expect(draining.isEnding).toBe(true);
  expect(() => draining.to('WORKING')).toThrow(/from DRAINING to WORKING/);
  const failed = walked('CONNECTING', 'FAILED');
  expect(() => failed.to('CONNECTING')).toThrow(/from FAILED to CONNECTING/);
});
