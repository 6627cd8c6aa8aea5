import type { Command } from 'commander';
import type { Act } from './context.js';
import { addExamples } from './examples.js';
import { createRoot } from './root-command.js';
import { addApproveVerb } from './verbs/approve.js';
import { addBackupVerbs } from './verbs/backup.js';
import { addCacheVerbs } from './verbs/cache.js';
import { addCancelVerb } from './verbs/cancel.js';
import { addCompletionVerb } from './verbs/completion.js';
import { addDemoVerb } from './verbs/demo.js';
import { addDoctorVerb } from './verbs/doctor.js';
import { addDownVerb } from './verbs/down.js';
import { addExplainVerb } from './verbs/explain.js';
import { addHealthVerb } from './verbs/health.js';
import { addLedgerVerb } from './verbs/ledger.js';
import { addLogsVerb } from './verbs/logs.js';
import { addLsVerb } from './verbs/ls.js';
import { addModelVerb } from './verbs/model.js';
import { addPageVerb } from './verbs/page.js';
import { addPlanVerb } from './verbs/plan.js';
import { addPredictVerb } from './verbs/predict.js';
import { addReportVerb } from './verbs/report.js';
import { addRerunVerb } from './verbs/rerun.js';
import { addResultsVerb } from './verbs/results.js';
import { addResumeVerb } from './verbs/resume.js';
import { addRmVerb } from './verbs/rm.js';
import { addRunVerb } from './verbs/run.js';
import { addServeVerb } from './verbs/serve.js';
import { addShowVerb } from './verbs/show.js';
import { addStatusVerb } from './verbs/status.js';
import { addTraceVerb } from './verbs/trace.js';
import { addTrainersVerb } from './verbs/trainers.js';
import { addUpVerb } from './verbs/up.js';
import { addWarehouseVerbs } from './verbs/warehouse.js';
import { addWatchVerb } from './verbs/watch.js';

const VERBS: readonly ((program: Command, act: Act) => void)[] = [
  addDemoVerb,
  addUpVerb,
  addDownVerb,
  addStatusVerb,
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
  addTraceVerb,
  addResultsVerb,
  addLedgerVerb,
  addExplainVerb,
  addModelVerb,
  addPredictVerb,
  addTrainersVerb,
  addLogsVerb,
  addPageVerb,
  addCacheVerbs,
  addBackupVerbs,
  addWarehouseVerbs,
  addServeVerb,
  addHealthVerb,
  addDoctorVerb,
  addCompletionVerb,
];

/** The whole command line. `act` connects the verbs with the world. */
export function createProgram(act: Act): Command {
  const program = createRoot();
  for (const addVerb of VERBS) addVerb(program, act);
  addExamples(program);
  return program;
}
