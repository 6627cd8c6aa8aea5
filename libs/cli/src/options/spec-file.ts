import { readFileSync } from 'node:fs';
import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { runSpecFromJson } from '@onescan/contract/run-spec.js';
import { parse } from 'yaml';

/**
 * Reads a run spec from a YAML or JSON file (JSON is YAML), in the names of docs/run-spec.md.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the file, and the field when one is wrong
 */
export function readSpecFile(path: string): RunSpec {
  const text = readText(path);
  try {
    return runSpecFromJson(parse(text) ?? {});
  } catch (thrown) {
    const error = OnescanError.from(thrown, 'INVALID_ARGUMENT');
    throw new OnescanError('INVALID_ARGUMENT', `${path}: ${error.message}`, {
      remedy: error.remedy || 'docs/run-spec.md lists every field',
      details: error.details,
      cause: thrown,
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new OnescanError('INVALID_ARGUMENT', `cannot read the spec file ${path}`, {
      remedy: 'Check the path; docs/run-spec.md has an example',
      cause: thrown,
    });
  }
}
