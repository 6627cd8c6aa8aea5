import { expect, it } from 'vitest';
import { addFetcherFlag } from './parsers.js';

it('collects flags of the fetcher in order', () => {
  expect(addFetcherFlag('price-per-tib=5', addFetcherFlag('location=us-central1'))).toEqual([
    'location=us-central1',
    'price-per-tib=5',
  ]);
});

it.each(['location', '--location=eu', 'location=', 'cache=/tmp', 'warehouse=x'])('refuses %s', (text) => {
  expect(() => addFetcherFlag(text)).toThrow();
});
