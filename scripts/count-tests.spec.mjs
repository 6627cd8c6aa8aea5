import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addCounts, closingLine, countCheck, countReport } from './count-tests.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-count-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function count(success, files) {
  const path = join(folder, 'vitest.json');
  writeFileSync(path, JSON.stringify({ success, testResults: files }));
  return countReport('shared', path);
}

function file(status, statuses, message = '') {
  const assertionResults = statuses.map((each, i) => ({ status: each, fullName: `test ${i}` }));
  return { name: '/x/a.spec.ts', status, message, assertionResults };
}

it('counts passed, failed and skipped tests', () => {
  const counts = count(false, [
    file('failed', ['passed', 'failed', 'skipped']),
    file('passed', ['passed', 'todo']),
  ]);
  expect(counts).toMatchObject({ passed: 2, failed: 1, skipped: 2 });
  expect(counts.problems).toEqual(['shared: test 1']);
  expect(counts.skippedNames).toEqual(['shared: test 2', 'shared: test 1']);
});

it('counts a file that broke before its tests as a failure', () => {
  const counts = count(false, [file('failed', [], 'Cannot find module\n at x')]);
  expect(counts).toMatchObject({ passed: 0, failed: 1 });
  expect(counts.problems[0]).toContain('Cannot find module');
});

it('counts a run that failed outside its tests as a failure', () => {
  expect(count(false, [file('passed', ['passed'])])).toMatchObject({ passed: 1, failed: 1 });
});

it('counts a missing report as a failure', () => {
  expect(countReport('shared', join(folder, 'none.json'))).toMatchObject({ passed: 0, failed: 1 });
});

it('adds counts up into the closing line', () => {
  const total = addCounts(countCheck('lint', true), countCheck('generated code', false));
  expect(closingLine(total)).toBe('1 passed, 1 failed');
  expect(closingLine({ ...total, skipped: 3 })).toBe('1 passed, 1 failed, 3 skipped');
});
