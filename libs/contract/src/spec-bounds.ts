import type { MessageBounds } from './message-bounds.js';

/** Most of what the lists, maps and texts of a run spec hold; docs/security.md has the table. */
export const SPEC_BOUNDS: MessageBounds = {
  pairs: { items: 64 },
  horizons: { items: 128 },
  'universe.groups': { items: 64 },
  'groups.tables': { items: 128, text: 256 },
  'universe.exclude': { items: 512, text: 256 },
  'universe.future': { items: 512 },
  'future.columns': { text: 256 },
  'future.reason': { text: 256 },
  overrides: { items: 128, text: 256 },
};

/** Globs on tables, of all groups together. */
export const MAX_TABLE_GLOBS = 512;
