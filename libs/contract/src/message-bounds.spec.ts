import { expect, it } from 'vitest';
import { type DeepPartial, RunSpec } from './generated/onescan/v1/spec.js';
import { ConnectRequest } from './generated/onescan/v1/trainer.js';
import { checkBounds } from './message-bounds.js';
import { SPEC_BOUNDS } from './spec-bounds.js';

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `x${i}`);

it.each<[string, DeepPartial<RunSpec>]>([
  ['pairs', { pairs: many(65) }],
  ['pairs', { pairs: ['x'.repeat(129)] }],
  ['horizons', { horizons: Array.from({ length: 129 }, (_, i) => i + 1) }],
  ['universe.groups', { universe: { groups: many(65).map((name) => ({ name, tables: [] })) } }],
  ['universe.groups.name', { universe: { groups: [{ name: 'x'.repeat(129) }] } }],
  ['universe.groups.tables', { universe: { groups: [{ name: 'x', tables: many(129) }] } }],
  ['universe.exclude', { universe: { exclude: many(513) } }],
  ['universe.exclude', { universe: { exclude: ['*'.repeat(257)] } }],
  ['universe.future', { universe: { future: many(513).map((columns) => ({ columns })) } }],
  ['universe.future.reason', { universe: { future: [{ columns: 'x', reason: 'x'.repeat(257) }] } }],
  ['overrides', { overrides: Object.fromEntries(many(129).map((key) => [key, '1'])) }],
  ['overrides', { overrides: { ['x'.repeat(129)]: '1' } }],
  ['overrides', { overrides: { x: '1'.repeat(257) } }],
  ['period.from', { period: { from: '2'.repeat(129) } }],
  ['preset', { preset: 'x'.repeat(1_000_000) }],
  ['pilotPair', { pilotPair: 'x'.repeat(129) }],
])('%s beyond its bound is refused by name, and not repeated in full', (field, spec) => {
  const thrown = expect(() => checkBounds({ spec: RunSpec.fromPartial(spec) }, SPEC_BOUNDS));
  thrown.toThrow(new RegExp(`^spec\\.${field}: .{1,120}$`));
});

it('takes what lies within the bounds, at once', () => {
  const spec = RunSpec.fromPartial({
    pairs: many(64),
    horizons: Array.from({ length: 128 }, (_, i) => i + 1),
    universe: { exclude: many(512) },
    overrides: { 'select.pairs': '25' },
  });
  checkBounds({ spec }, SPEC_BOUNDS);
  const long = { ...spec, horizons: new Array<number>(1_000_000).fill(1) };
  const started = process.cpuUsage();
  for (let i = 0; i < 100; i++) expect(() => checkBounds(long, SPEC_BOUNDS)).toThrow();
  expect(process.cpuUsage(started).user).toBeLessThan(500_000);
});

it('names what stands in a oneof by its case, and leaves alone what has rules of its own', () => {
  const leaf = {
    taskFailure: ConnectRequest.fromPartial({
      message: { $case: 'failure', value: { message: 'x'.repeat(129) } },
    }),
  };
  expect(() => checkBounds(leaf, {})).toThrow(/^taskFailure\.message\.failure\.message: /);
  checkBounds(leaf, { 'failure.message': { text: 129 } });
  checkBounds(leaf, { 'message.failure': null });
});
