import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkBreaking } from './check-breaking.mjs';
import { checkFloors } from './check-floors.mjs';
import { checkGenerated } from './check-generated.mjs';
import { addCounts, closingLine, countCheck, countReport } from './count-tests.mjs';
import { runNx, runPackage } from './run-command.mjs';
import { listProjects, ROOT } from './workspace.mjs';

/** Folder in each project for vitest's JSON reports, one a target; an output of the target for Nx. */
const REPORTS = 'test-results';
/** Quick suites at once: one more than the cores of a small machine, since they wait for processes and disks. */
const PARALLEL = 3;
/** Long suites at once: those of e2e wait for each other and keep one core busy. */
const LONG_PARALLEL = 2;
const BIOME = '@biomejs/biome/bin/biome';
const BUF = '@bufbuild/buf/bin/buf';

/**
 * Runs all checks beside the quick tests, prints what failed or was skipped and the closing line; the exit code. The
 * checks are one thread's work, the tests leave a core idle now and then.
 */
export async function runTests({ all }) {
  const checks = runChecks();
  const quick = await runTarget('test');
  const long = all ? await runTarget('test-long') : [];
  const total = addCounts(...(await checks), ...quick, ...long);
  printNames('Skipped:', total.skippedNames);
  printNames('Failed:', total.problems);
  console.log(closingLine(total));
  return total.failed === 0 ? 0 : 1;
}

async function runChecks() {
  return [
    await check('lint (biome check)', () => runsWell(BIOME, ['check', '--error-on-warnings'])),
    await check('proto lint (buf lint)', () => runsWell(BUF, ['lint'])),
    await check('proto breaks no released peer (buf breaking)', checkBreaking),
    await check('generated code is up to date', checkGenerated),
    await check('imports keep to scripts/floors.json', checkFloors),
  ];
}

async function check(name, run) {
  const ok = await run();
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  return countCheck(name, ok);
}

async function runsWell(entry, args) {
  return (await runPackage(entry, args)) === 0;
}

/** Runs one Nx target in every project that has it; the counts come from the reports, cached or fresh. */
async function runTarget(target) {
  const projects = listProjects().filter((project) => project.targets[target] !== undefined);
  if (projects.length === 0) return [];
  for (const project of projects) rmSync(reportPath(project, target), { force: true });
  const code = await runNx([
    'run-many',
    '-t',
    target,
    '--outputStyle=stream',
    '--parallel',
    `${target === 'test' ? PARALLEL : LONG_PARALLEL}`,
  ]);
  const counts = projects.map((project) => countReport(project.name, reportPath(project, target)));
  const failures = counts.reduce((sum, count) => sum + count.failed, 0);
  return code !== 0 && failures === 0 ? [...counts, countCheck(`nx ${target}`, false)] : counts;
}

function reportPath(project, target) {
  return join(ROOT, project.folder, REPORTS, `${target}.json`);
}

function printNames(title, names) {
  if (names.length === 0) return;
  console.log(title);
  for (const name of names) console.log(`  ${name}`);
}
