import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parseInstant } from './instant.js';

const NOON = Date.UTC(2024, 0, 10, 12) * 1000;

it.each([
  ['2024-01-10', NOON - 43_200_000_000],
  ['2024-01-10T12:00:00Z', NOON],
  ['2024-01-10T12:00', NOON],
  ['2024-01-10 12:00:00', NOON],
  ['2024-01-10t07:00:00-05:00', NOON],
  ['2024-01-10T12:00:00.000001Z', NOON + 1],
  ['2024-01-10T12:00:00.5', NOON + 500_000],
])('%s is one instant', (text, micros) => {
  expect(parseInstant(text)).toBe(micros);
});

it.each(['', 'yesterday', '01/02/2024', '2024-1-5', '2024', '2024-02-30', '2024-01-10T25:00', '2024-13-01'])(
  'refuses %j',
  (text) => {
    expect(parseInstant(text)).toBeUndefined();
  },
);

it.each(['America/New_York', 'Asia/Kathmandu'])('is the same in a process in %s', (zone) => {
  const module = new URL('../dist/instant.js', import.meta.url).href;
  const code = `import { parseInstant } from '${module}'; process.stdout.write(String(parseInstant('2024-01-10T12:00')))`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, TZ: zone },
  });
  expect(Number(printed)).toBe(NOON);
});
