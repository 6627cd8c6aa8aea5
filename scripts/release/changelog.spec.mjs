import { expect, it } from 'vitest';
import { releaseChangelog, sectionOf } from './changelog.mjs';

const TEXT = '# Changelog\n\n## Unreleased\n\n### New\n\n- a thing\n\n## 0.1.0 (2026-01-01)\n\n- the first\n';

it('gives what is unreleased a version and makes room for what comes next', () => {
  const released = releaseChangelog(TEXT, '0.2.0', '2026-12-01');
  expect(released).toBe(TEXT.replace('## Unreleased\n', '## Unreleased\n\n## 0.2.0 (2026-12-01)\n'));
  expect(sectionOf(released, '0.2.0')).toBe('### New\n\n- a thing');
  expect(sectionOf(released, 'Unreleased')).toBe('');
  expect(sectionOf(released, '0.1.0')).toBe('- the first');
});

it('refuses a version that is there, and one of nothing', () => {
  expect(() => releaseChangelog(TEXT, '0.1.0', '2026-12-01')).toThrow('has 0.1.0 already');
  const released = releaseChangelog(TEXT, '0.2.0', '2026-12-01');
  expect(() => releaseChangelog(released, '0.3.0', '2026-12-02')).toThrow('nothing under "Unreleased"');
});
