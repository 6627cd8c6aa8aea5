import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { requireNoLink } from '@onescan/dataset/no-links.js';

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const RUNS = 'runs';

/** Name of the report in the folder of its run. */
export const REPORT_FILE = 'report.html';

/** Unfinished files; only the coordinator of the folder writes any. */
const UNFINISHED = /\.partial(?:-[0-9a-f-]+)?$/;
/** Folders below a run's own in which files are made. */
const PLACES = ['', 'shap', 'models'];

/**
 * The folder of a run's report, SHAP values and models.
 *
 * @throws OnescanError DATA_LOSS when the id, which may come from a state file of others, would lead elsewhere;
 *   FAILED_PRECONDITION when the folder is a link
 */
export function runFolder(stateDir: string, runId: string): string {
  if (!RUN_ID.test(runId)) {
    throw new OnescanError('DATA_LOSS', `"${runId.slice(0, 80)}" is no id of a run, and names no folder`, {
      remedy: 'Bring the state back from a backup: onescan restore',
    });
  }
  const folder = join(stateDir, RUNS, runId);
  requireNoLink(join(stateDir, RUNS));
  requireNoLink(folder);
  return folder;
}

/** Removes what was being written to the folders of runs when the coordinator ended; the paths. */
export function removeTornFiles(stateDir: string): string[] {
  const runs = join(stateDir, RUNS);
  const torn: string[] = [];
  for (const run of foldersIn(runs)) {
    for (const place of PLACES) {
      const folder = join(runs, run, place);
      for (const name of namesIn(folder)) if (UNFINISHED.test(name)) torn.push(join(folder, name));
    }
  }
  for (const path of torn) rmSync(path, { force: true });
  return torn;
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).filter((name) => lstatSync(join(folder, name)).isDirectory());
}

function namesIn(folder: string): string[] {
  return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
}
