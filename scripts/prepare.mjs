import { requireOpenFiles } from '../libs/cli/bin/open-files.mjs';
import { ensureBuilt } from './ensure-built.mjs';
import { ensureInstalled } from './ensure-installed.mjs';

/** Installs and builds what is not up to date; ends the process with a message when that fails. */
export async function prepare({ scope }) {
  requireOpenFiles();
  try {
    await ensureInstalled();
    await ensureBuilt({ scope });
  } catch (error) {
    console.error(`\nonescan: ${error.message}`);
    process.exit(5);
  }
}
