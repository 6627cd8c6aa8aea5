import { quoted } from './format/sendable-text.js';
import type { FeatureGroup } from './generated/onescan/v1/spec.js';
import { OnescanError } from './onescan-error.js';
import { MAX_TABLE_GLOBS } from './spec-bounds.js';

const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const GLOB = /^[A-Za-z0-9_*?{}.-]{1,200}$/;

/** @throws OnescanError INVALID_ARGUMENT naming the field, its value and what is allowed */
export function specProblem(field: string, value: unknown, allowed: string): never {
  throw new OnescanError('INVALID_ARGUMENT', `${field}: ${quoted(String(value))} is not allowed`, {
    remedy: `Allowed: ${allowed}`,
    details: { field, value: String(value) },
  });
}

export function requireWithin(field: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) specProblem(field, value, `${low} to ${high}`);
}

/** Checks each value, and that none is there twice. */
export function requireEach<T>(field: string, values: readonly T[], check: (value: T) => void): void {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) specProblem(field, value, 'each value once');
    seen.add(value);
  }
  for (const value of values) check(value);
}

export function checkGlob(field: string, glob: string): void {
  if (!GLOB.test(glob)) specProblem(field, glob, 'a glob of letters, digits, _ . - * ? and {pair}');
}

export function checkGroups(groups: readonly FeatureGroup[], field: string): void {
  for (const group of groups) {
    if (!NAME.test(group.name)) {
      specProblem(`${field}.name`, group.name, 'lower-case letters, digits and _');
    }
    const tables = `${field}.${group.name}.tables`;
    if (group.tables.length === 0) specProblem(tables, '', 'at least one glob');
    for (const glob of group.tables) checkGlob(tables, glob);
    const named = group.shared ? group.tables.find((glob) => glob.includes('{pair}')) : undefined;
    if (named) specProblem(tables, named, 'no {pair} in a group with shared: true');
  }
  const globs = groups.reduce((sum, { tables }) => sum + tables.length, 0);
  if (globs > MAX_TABLE_GLOBS) {
    specProblem(field, `${globs} globs`, `at most ${MAX_TABLE_GLOBS} globs in all groups together`);
  }
  const names = groups.map(({ name }) => name);
  if (new Set(names).size < names.length) specProblem(field, names.join(', '), 'names that differ');
}
