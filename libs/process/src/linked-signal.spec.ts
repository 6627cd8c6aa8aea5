import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { linkSignals } from './linked-signal.js';

it('is aborted with any of its sources, for their reason, or at once', () => {
  const sources = [new AbortController(), new AbortController()];
  const { signal } = linkSignals(...sources.map((source) => source.signal));
  expect(signal.aborted).toBe(false);
  sources[1]!.abort('why');
  expect(signal.reason).toBe('why');
  expect(linkSignals(...sources.map((source) => source.signal)).signal.reason).toBe('why');
});

it('leaves nothing with its sources when it is released', () => {
  const source = new AbortController();
  for (let i = 0; i < 50; i++) linkSignals(source.signal).release();
  expect(getEventListeners(source.signal, 'abort')).toEqual([]);
});
