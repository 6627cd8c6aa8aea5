import { expect, it } from 'vitest';
import { missingGroupsText } from './missing-groups.js';

const ALL = { targets: {}, pair: {}, tri: {}, mkt: {}, var: {}, csi: {} };

it('says which groups are missing', () => {
  const { tri: _tri, ...groups } = ALL;
  expect(missingGroupsText(groups)).toContain('No tri tables');
});

it('says nothing when all are there', () => {
  expect(missingGroupsText(ALL)).toBeUndefined();
});
