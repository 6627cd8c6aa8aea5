import { expect, it } from 'vitest';
import { isLoopbackAddress } from './loopback.js';

it.each([
  ['127.0.0.1:7400', true],
  ['127.8.9.1:1', true],
  ['localhost:7400', true],
  ['LOCALHOST:7400', true],
  ['[::1]:7400', true],
  ['dns:///localhost:7400', true],
  ['ipv4:127.0.0.1:7400', true],
  ['10.0.0.1:7400', false],
  ['localhost.example.org:7400', false],
  ['127.0.0.1.example.org:443', false],
  ['bigquerystorage.googleapis.com:443', false],
])('%s is on this machine: %s', (address, expected) => {
  expect(isLoopbackAddress(address)).toBe(expected);
});
