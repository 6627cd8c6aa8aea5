import type { Command } from 'commander';
import type { Act } from './context.js';
import { addExamples } from './examples.js';
import { createRoot } from './root-command.js';

type AddVerb = (program: Command, act: Act) => void;

/** By the first word of a command line, in the order of the help. What a verb needs is loaded with it. */
const VERBS: ReadonlyMap<string, () => Promise<AddVerb>> = new Map([
  ['demo', async () => (await import('./verbs/demo.js')).addDemoVerb],
  ['up', async () => (await import('./verbs/up.js')).addUpVerb],
  ['down', async () => (await import('./verbs/down.js')).addDownVerb],
  ['status', async () => (await import('./verbs/status.js')).addStatusVerb],
  ['plan', async () => (await import('./verbs/plan.js')).addPlanVerb],
  ['run', async () => (await import('./verbs/run.js')).addRunVerb],
  ['approve', async () => (await import('./verbs/approve.js')).addApproveVerb],
  ['watch', async () => (await import('./verbs/watch.js')).addWatchVerb],
  ['ls', async () => (await import('./verbs/ls.js')).addLsVerb],
  ['show', async () => (await import('./verbs/show.js')).addShowVerb],
  ['rm', async () => (await import('./verbs/rm.js')).addRmVerb],
  ['cancel', async () => (await import('./verbs/cancel.js')).addCancelVerb],
  ['resume', async () => (await import('./verbs/resume.js')).addResumeVerb],
  ['rerun', async () => (await import('./verbs/rerun.js')).addRerunVerb],
  ['report', async () => (await import('./verbs/report.js')).addReportVerb],
  ['trace', async () => (await import('./verbs/trace.js')).addTraceVerb],
  ['results', async () => (await import('./verbs/results.js')).addResultsVerb],
  ['ledger', async () => (await import('./verbs/ledger.js')).addLedgerVerb],
  ['explain', async () => (await import('./verbs/explain.js')).addExplainVerb],
  ['model', async () => (await import('./verbs/model.js')).addModelVerb],
  ['predict', async () => (await import('./verbs/predict.js')).addPredictVerb],
  ['trainers', async () => (await import('./verbs/trainers.js')).addTrainersVerb],
  ['logs', async () => (await import('./verbs/logs.js')).addLogsVerb],
  ['page', async () => (await import('./verbs/page.js')).addPageVerb],
  ['cache', async () => (await import('./verbs/cache.js')).addCacheVerbs],
  ['backup', async () => (await import('./verbs/backup.js')).addBackupVerbs],
  ['warehouse', async () => (await import('./verbs/warehouse.js')).addWarehouseVerbs],
  ['serve', async () => (await import('./verbs/serve.js')).addServeVerb],
  ['health', async () => (await import('./verbs/health.js')).addHealthVerb],
  ['doctor', async () => (await import('./verbs/doctor.js')).addDoctorVerb],
  ['completion', async () => (await import('./verbs/completion.js')).addCompletionVerb],
]);

/** Of these all others are loaded too: it looks at the whole command line. */
const OF_ALL = 'completion';

/**
 * The command line: `act` connects the verbs with the world.
 *
 * @param first first word of what was typed: only the verb of that name is loaded, where there is one; default: all
 */
export async function createProgram(act: Act, first?: string): Promise<Command> {
  const one = first !== undefined && first !== OF_ALL ? VERBS.get(first) : undefined;
  const program = createRoot();
  const adding = await Promise.all((one ? [one] : [...VERBS.values()]).map((load) => load()));
  for (const addVerb of adding) addVerb(program, act);
  addExamples(program);
  return program;
}
