import { z } from 'zod';
import { canonicalJson, sha256Hex } from './canonical-json.js';
import {
  type FeatureGroup,
  type FutureColumns,
  RunSpec,
  type SampleStrategy,
} from './generated/onescan/v1/spec.js';
import { parseInstant } from './instant.js';
import { checkBounds } from './message-bounds.js';
import { OnescanError } from './onescan-error.js';
import { specProblem } from './run-spec-checks.js';
import type { RunSpecField } from './run-spec-field.js';
import { RUN_SPEC_FIELDS } from './run-spec-fields.js';
import { SPEC_BOUNDS } from './spec-bounds.js';

/** A run spec in which every field has its value. */
export interface ResolvedRunSpec extends RunSpec {
  targetWindow: number;
  universe: { groups: FeatureGroup[]; exclude: string[]; expectedColumns?: number; future: FutureColumns[] };
  period: { from: string; to: string };
  sample: { rows: number; strategy: SampleStrategy; seed: bigint };
  budgetUsd: number;
  maxWorkers: number;
  memoryPerWorkerBytes: bigint;
  seed: bigint;
}

/** Rows of the table by the fields' paths. */
export const SPEC_ROWS: readonly (readonly [path: string, row: RunSpecField])[] =
  Object.entries(RUN_SPEC_FIELDS);

/**
 * Fills in every default and checks every field.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field, its value and what is allowed
 */
export function resolveRunSpec(spec: RunSpec): ResolvedRunSpec {
  checkBounds(spec, SPEC_BOUNDS);
  const resolved = withParts(structuredClone(spec));
  for (const [path, row] of SPEC_ROWS) {
    if (isUnset(specField(resolved, path), row)) setSpecField(resolved, path, structuredClone(row.default));
  }
  for (const [path, row] of SPEC_ROWS) checkField(path, row, specField(resolved, path));
  checkTogether(resolved as ResolvedRunSpec);
  return resolved as ResolvedRunSpec;
}

/** The value of a field, e.g. of "sample.rows"; undefined when it, or the part that it is in, is not set. */
export function specField(spec: RunSpec, path: string): unknown {
  return follow(spec, path.split('.'));
}

/** Sets a field; the part that it is in must be there: {@link withParts}. Undefined is no value and changes nothing. */
export function setSpecField(spec: RunSpec, path: string, value: unknown): void {
  const keys = path.split('.');
  const part = follow(spec, keys.slice(0, -1)) as Record<string, unknown>;
  if (value !== undefined) part[keys.at(-1)!] = value;
}

function follow(spec: RunSpec, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], spec);
}

/** The spec with all the parts that fields are in. */
export function withParts(spec: RunSpec): RunSpec {
  const { universe, period, sample } = spec;
  return {
    ...spec,
    universe: {
      ...universe,
      groups: universe?.groups ?? [],
      exclude: universe?.exclude ?? [],
      future: universe?.future ?? [],
    },
    period: { from: period?.from ?? '', to: period?.to ?? '' },
    sample: { ...sample, strategy: sample?.strategy ?? 0 },
  };
}

/** SHA-256 of the canonical JSON of a resolved spec: equal specs, equal hash. */
export function runSpecHash(spec: ResolvedRunSpec): string {
  return sha256Hex(canonicalJson(RunSpec.toJSON(spec)));
}

/** The fields that are part of a task's result, by their paths. */
export function resultFields(spec: ResolvedRunSpec): Record<string, unknown> {
  const rows = SPEC_ROWS.filter(([, { decides }]) => decides === 'result');
  return Object.fromEntries(rows.map(([path]) => [path, specField(spec, path)]));
}

/**
 * Reads a spec from parsed JSON or YAML in the names of docs/run-spec.md; unknown keys are errors, so a
 * misspelt field is never ignored.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field
 */
export function runSpecFromJson(value: unknown): RunSpec {
  const parsed = JSON_SPEC.safeParse(value);
  if (parsed.success) return RunSpec.fromJSON(parsed.data);
  const issue = parsed.error.issues[0]!;
  const field = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.');
  throw new OnescanError('INVALID_ARGUMENT', `spec: ${field || 'the document'}: ${issue.message}`, {
    remedy: 'docs/run-spec.md lists every field',
    details: { field },
  });
}

/** All fields as a Markdown table; docs/run-spec.md holds it and a test compares the two. */
export function runSpecTable(): string {
  const lines = SPEC_ROWS.map(([path, row]) => {
    const flag = 'usage' in row.flag ? `\`${row.flag.usage}\`` : '';
    return `| \`${path}\` | ${flag} | ${defaultInWords(row)} | ${row.doc} |`;
  });
  return ['| field | flag | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}

/** What an unset field means, in words. */
export function defaultInWords({ unset, default: value, words }: RunSpecField): string {
  if (unset !== undefined) return unset;
  const word = Object.entries(words ?? {}).find(([, number]) => number === value)?.[0];
  return word ?? (Array.isArray(value) ? value.join(',') : String(value));
}

const JSON_SPEC = jsonSchema('');

/** Of the fields below a path: those with a further part in their name are objects of their own. */
function jsonSchema(prefix: string): z.ZodType<Record<string, unknown>> {
  const keys = new Set(
    SPEC_ROWS.flatMap(([path]) => (path.startsWith(prefix) ? path.slice(prefix.length).split('.')[0]! : [])),
  );
  return z.strictObject(
    Object.fromEntries([...keys].map((key) => [key, schemaOf(`${prefix}${key}`).optional()])),
  );
}

function schemaOf(path: string): z.ZodType {
  const row = SPEC_ROWS.find(([name]) => name === path)?.[1];
  if (row === undefined) return jsonSchema(`${path}.`);
  const { words } = row;
  return words ? row.json.transform((word) => words[String(word)]) : row.json;
}

function isUnset(value: unknown, { words }: RunSpecField): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === '' || (words !== undefined && value === 0);
}

function checkField(path: string, { words, check }: RunSpecField, value: unknown): void {
  if (words && !Object.values(words).includes(value as number)) {
    specProblem(path, value, `one of ${Object.keys(words).join(', ')}`);
  }
  if (value !== undefined) check?.(value as never, path);
}

/** What fields mean to each other. */
function checkTogether({ pilotPair, pairs, period: { from, to } }: ResolvedRunSpec): void {
  if (pilotPair !== '' && !pairs.includes(pilotPair)) {
    specProblem('pilotPair', pilotPair, `one of the run's pairs: ${pairs.join(' ')}`);
  }
  if (from !== '' && to !== '' && parseInstant(from)! >= parseInstant(to)!) {
    specProblem('period', `${from} to ${to}`, 'from before to');
  }
}
