import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Nothing run yet. */
export const NO_TESTS = Object.freeze({ passed: 0, failed: 0, skipped: 0, skippedNames: [], problems: [] });

/** Adds up counts. */
export function addCounts(...counts) {
  return {
    passed: counts.reduce((sum, count) => sum + count.passed, 0),
    failed: counts.reduce((sum, count) => sum + count.failed, 0),
    skipped: counts.reduce((sum, count) => sum + count.skipped, 0),
    skippedNames: counts.flatMap((count) => count.skippedNames),
    problems: counts.flatMap((count) => count.problems),
  };
}

/** One check that is no vitest test. */
export function countCheck(name, ok) {
  return ok ? { ...NO_TESTS, passed: 1 } : { ...NO_TESTS, failed: 1, problems: [name] };
}

/**
 * Counts the tests in a report of vitest's JSON reporter. A missing report counts as one failure, and so
 * does a file that broke outside its tests: whatever went wrong, the count says so.
 */
export function countReport(project, path) {
  if (!existsSync(path)) {
    return { ...NO_TESTS, failed: 1, problems: [`${project}: vitest left no report, its message is above`] };
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const counts = addCounts(NO_TESTS, ...report.testResults.map((file) => countFile(project, file)));
  if (report.success || counts.failed > 0) return counts;
  return addCounts(counts, {
    ...NO_TESTS,
    failed: 1,
    problems: [`${project}: vitest failed outside any test, its message is above`],
  });
}

function countFile(project, file) {
  const tests = file.assertionResults;
  const failed = tests.filter((test) => test.status === 'failed');
  const skipped = tests.filter((test) => ['skipped', 'pending', 'todo', 'disabled'].includes(test.status));
  const broken = file.status === 'failed' && failed.length === 0;
  return {
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: failed.length + (broken ? 1 : 0),
    skipped: skipped.length,
    skippedNames: skipped.map((test) => `${project}: ${test.fullName}`),
    problems: broken
      ? [`${project}: ${relative(process.cwd(), file.name)}: ${file.message.split('\n')[0]}`]
      : failed.map((test) => `${project}: ${test.fullName}`),
  };
}

/** The closing line, e.g. "12 passed, 0 failed, 3 skipped". */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
