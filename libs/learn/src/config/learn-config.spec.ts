import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { configTable } from './config-table.js';
import { resolveLearnConfig } from './learn-config.js';
import { CONFIG_KEYS } from './learn-config-keys.js';

describe('resolveLearnConfig', () => {
  it.each(['quick', 'standard', 'mandated'] as const)(
    '%s: every default lies within its own bounds',
    (preset) => {
      const overrides = Object.fromEntries(
        Object.entries(CONFIG_KEYS).map(([key, { defaults }]) => [key, String(defaults[preset])]),
      );
      expect(resolveLearnConfig(preset, overrides)).toEqual(resolveLearnConfig(preset));
    },
  );

  it('documents every key', () => {
    for (const { doc } of Object.values(CONFIG_KEYS)) expect(doc).toMatch(/\.$/);
  });

  it('is documented in docs/learning-settings.md as it is', () => {
    const page = new URL('../../../../docs/learning-settings.md', import.meta.url);
    expect(readFileSync(page, 'utf8')).toContain(configTable());
  });

  it('applies overrides by dotted key', () => {
    const config = resolveLearnConfig('standard', {
      'protocol.folds': '8',
      'calibration.method': 'venn-abers',
    });
    expect(config.protocol.folds).toBe(8);
    expect(config.calibration.method).toBe('venn-abers');
    expect(config.models.leaf.maxLeaves).toBe(31);
  });

  it('reads a list of methods, in whatever order it names them', () => {
    const methods = (text: string) => resolveLearnConfig('quick', { 'select.methods': text }).select.methods;
    expect(methods('stumps, elastic-net')).toEqual(['elastic-net', 'stumps']);
    expect(methods('curvature')).toEqual(['curvature']);
    expect(resolveLearnConfig('standard').select.methods).toEqual(['elastic-net', 'curvature']);
  });

  it.each<[string, Record<string, string>]>([
    ['quick', { 'select.pairs': '10' }],
    ['quick', { 'select.threshold': '0.54' }],
    ['quick', { 'select.pairs': '7', 'select.threshold': '0.6429' }],
    ['quick', { 'select.blocks': '8' }],
    ['standard', { 'select.pairs': '200', 'select.blocks': '12' }],
    ['quick', { 'protocol.scheme': 'combinatorial', 'protocol.folds': '3' }],
    // Boosted selection draws no subsamples.
    ['mandated', { 'select.pairs': '5', 'select.blocks': '4' }],
  ])('takes the value that is told to work: %s %j', (preset, overrides) => {
    expect(() => resolveLearnConfig(preset, overrides)).not.toThrow();
  });

  it('mandated is the procedure of the original project', () => {
    const { models, select, protocol, explain } = resolveLearnConfig('mandated');
    expect(models.leaf).toMatchObject({ maxLeaves: 63, learningRate: 0.03, rounds: 300, minRowsInLeaf: 50 });
    expect(models.leaf).toMatchObject({ treeColumnFraction: 0.6, rowFraction: 0.8, rowEvery: 5 });
    expect(models.level.maxDepth).toBe(5);
    expect(select).toMatchObject({ method: 'boosted', threshold: 0.5 });
    expect(protocol).toMatchObject({ folds: 5, scheme: 'expanding' });
    expect(explain.minRows).toBe(100_000);
  });

  it.each([
    ['slow', {}, /unknown preset 'slow'/],
    ['quick', { folds: '3' }, /unknown learning setting 'folds'; did you mean 'protocol.folds'/],
    ['quick', { 'protocol.folds': '1' }, /protocol.folds must be a whole number from 2 to 50, got '1'/],
    ['quick', { 'protocol.folds': '2.5' }, /whole number/],
    ['quick', { 'protocol.finalShare': '' }, /protocol.finalShare must be a number from 0.05 to 0.5, got ''/],
    ['quick', { 'select.target': 'future' }, /select.target must be one of unknown, value/],
    ['quick', { 'select.methods': '' }, /select.methods must be some of elastic-net, curvature, .*, got ''/],
    ['quick', { 'select.methods': 'stumps,stumps' }, /select.methods names one twice: 'stumps,stumps'/],
    ['quick', { toString: '1' }, /unknown learning setting/],
    ['quick', { 'select.pairs': '9' }, /select.pairs must be 10 or more with select.threshold=0.6, got 9/],
    ['quick', { 'select.threshold': '0.5' }, /select.threshold must be 0.54 or more with select.pairs=25/],
    ['standard', { 'select.threshold': '0.51' }, /select.threshold must be 0.52 or more with/],
    ['quick', { 'select.pairs': '7', 'select.threshold': '0.55' }, /select.threshold must be 0.6429 or more/],
    ['quick', { 'select.blocks': '7' }, /select.blocks must be 8 or more with select.pairs=25, got 7/],
    ['quick', { 'select.blocks': '8', 'select.pairs': '40' }, /select.blocks must be 10 or more/],
    ['standard', { 'select.pairs': '200', 'select.blocks': '10' }, /select.blocks must be 12 or more/],
    ['mandated', { 'select.method': 'stability' }, /select.threshold must be 0.52 or more/],
    [
      'quick',
      { 'protocol.scheme': 'combinatorial', 'protocol.folds': '2' },
      /protocol.folds must be 3 or more with protocol.scheme=combinatorial, got 2/,
    ],
  ])('refuses %s %j', (preset, overrides, message) => {
    expect(() => resolveLearnConfig(preset, overrides as Record<string, string>)).toThrow(message);
    expect(() => resolveLearnConfig(preset, overrides as Record<string, string>)).toThrow(LearnInputError);
  });
});
