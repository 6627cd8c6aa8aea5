import { version } from '@onescan/shared/version.js';
import { Command } from 'commander';
import { type Act, DEFAULT_HOME } from './context.js';
import { addApproveVerb } from './verbs/approve.js';
import { addBackupVerbs } from './verbs/backup.js';
import { addCacheVerbs } from './verbs/cache.js';
import { addCancelVerb } from './verbs/cancel.js';
import { addCompletionVerb } from './verbs/completion.js';
import { addDemoVerb } from './verbs/demo.js';
import { addDoctorVerb } from './verbs/doctor.js';
import { addDownVerb } from './verbs/down.js';
import { addExplainVerb } from './verbs/explain.js';
import { addLedgerVerb } from './verbs/ledger.js';
import { addLsVerb } from './verbs/ls.js';
import { addModelVerb } from './verbs/model.js';
import { addPlanVerb } from './verbs/plan.js';
import { addPredictVerb } from './verbs/predict.js';
import { addReportVerb } from './verbs/report.js';
import { addRerunVerb } from './verbs/rerun.js';
import { addResultsVerb } from './verbs/results.js';
import { addResumeVerb } from './verbs/resume.js';
import { addRmVerb } from './verbs/rm.js';
import { addRunVerb } from './verbs/run.js';
import { addShowVerb } from './verbs/show.js';
import { addTrainersVerb } from './verbs/trainers.js';
import { addUpVerb } from './verbs/up.js';
import { addWarehouseVerbs } from './verbs/warehouse.js';
import { addWatchVerb } from './verbs/watch.js';

const EXIT_CODES = `
Exit codes: 0 ok, 2 bad usage or input, 3 awaiting approval or over budget, 4 partial, 5 failed or
cancelled, 130 interrupted. stdout is data, stderr is for people. docs/cli.md describes every verb.`;

const VERBS: readonly ((program: Command, act: Act) => void)[] = [
  addDemoVerb,
  addUpVerb,
  addDownVerb,
  addPlanVerb,
  addRunVerb,
  addApproveVerb,
  addWatchVerb,
  addLsVerb,
  addShowVerb,
  addRmVerb,
  addCancelVerb,
  addResumeVerb,
  addRerunVerb,
  addReportVerb,
  addResultsVerb,
  addLedgerVerb,
  addExplainVerb,
  addModelVerb,
  addPredictVerb,
  addTrainersVerb,
  addCacheVerbs,
  addBackupVerbs,
  addWarehouseVerbs,
  addDoctorVerb,
  addCompletionVerb,
];

/** The whole command line. `act` connects the verbs with the world. */
export function createProgram(act: Act): Command {
  const program = new Command('onescan')
    .configureHelp({ showGlobalOptions: true })
    .description('Tests thousands of warehouse features against many targets, paying for the scan once.')
    .version(`onescan ${version()}`, '-V, --version', 'version and, where it is known, commit')
    .option('--json', 'JSON on stdout: one document, or a line each for streams')
    .option('--verbose', 'show the cause and stack of errors')
    .option(
      '--coordinator <address>',
      'host:port or unix:/path (default: $ONESCAN_COORDINATOR, else the local stack)',
    )
    .option('--token-file <file>', 'bearer token for --coordinator (default: $ONESCAN_TOKEN_FILE, else none)')
    .option('--fetcher <address>', 'host:port, for cache and doctor (default: $ONESCAN_FETCHER, else local)')
    .option('--home <dir>', 'folder of the local stack', DEFAULT_HOME)
    .addHelpText('after', EXIT_CODES);
  for (const addVerb of VERBS) addVerb(program, act);
  return program;
}
