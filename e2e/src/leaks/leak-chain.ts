import { readFileSync } from 'node:fs';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { readReason, reasonText } from '@onescan/contract/reasons/reason.js';
import { runSpecFromJson } from '@onescan/contract/run-spec.js';
import type { ResultDocument } from '@onescan/learn';
import type { LeakVariant } from '@onescan/learn/testing/leak-world.js';
import { finishRun, runLedger, runResults, startRun } from '../runs.js';
import type { Stack } from '../stack.js';
import { leakTable } from './build-leak-warehouse.js';

/** What became of a variant on its way from the warehouse to the report. */
export interface LeakOutcome {
  readonly variant: string;
  /**
   * excluded: its values follow a target, left out of the dataset; refused: a leak; suspect: suspicious, and refused where that is asked for;
   * else the verdict of a run with its columns among honest ones.
   */
  readonly outcome: 'excluded' | 'refused' | 'suspect' | ResultDocument['verdict'];
  /** Reason of the ledger, or of the verdict. */
  readonly why: string;
}

const USUAL_HORIZON = 45;
/** Reasons of the ledger that a told column has, by code. */
const TOLD: Readonly<Record<string, LeakOutcome['outcome']>> = {
  same_as_target: 'excluded',
  follows_later_target: 'excluded',
  leak: 'refused',
  refused_suspect: 'suspect',
};

/**
 * Runs variants through the real services: first all of them together, with suspicious features refused, so that the ledger says which
 * are told; then each that is not by itself among the honest features, for its verdict.
 *
 * @param rows of the sample
 * @throws Error when a run does not complete, or a report keeps a suspicion to itself
 */
export async function leakChain(
  stack: Stack,
  variants: readonly LeakVariant[],
  rows: number,
  onOutcome: (outcome: LeakOutcome) => void = () => undefined,
): Promise<LeakOutcome[]> {
  const horizons = [...new Set(variants.map(({ horizon }) => horizon ?? USUAL_HORIZON))].sort(
    (a, b) => a - b,
  );
  const { runId } = await complete(stack, { horizons, rows, overrides: { 'leaks.suspicious': 'refuse' } });
  const told = new Map<string, LeakOutcome>();
  const places = new Map(variants.map((_, place) => [leakTable(place), place]));
  for (const { featureId, why } of await runLedger(stack, runId)) {
    const place = places.get(featureId.slice(0, featureId.indexOf('.')));
    const outcome = TOLD[why?.code ?? ''];
    if (place === undefined || !outcome) continue;
    const { name } = variants[place]!;
    if (!told.has(name)) told.set(name, { variant: name, outcome, why: reasonText(readReason(why, '')) });
  }
  const outcomes: LeakOutcome[] = [];
  for (const [place, variant] of variants.entries()) {
    const outcome = told.get(variant.name) ?? (await byItself(stack, variants, place, rows));
    onOutcome(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function byItself(
  stack: Stack,
  variants: readonly LeakVariant[],
  place: number,
  rows: number,
): Promise<LeakOutcome> {
  const { name, horizon = USUAL_HORIZON } = variants[place]!;
  const exclude = variants.flatMap((_, other) => (other === place ? [] : [leakTable(other)]));
  const { runId, report } = await complete(stack, { horizons: [horizon], rows, exclude });
  const [result] = await runResults(stack, runId);
  const document = JSON.parse(Buffer.from(result!.document).toString()) as ResultDocument;
  const { verdict, verdictText } = document;
  if (verdict === 'SKILL_SUSPECT' && !/SKILL(_|, )SUSPECT/.test(report))
    throw new Error(`the report of ${runId} does not say that ${name} is suspect`);
  return { variant: name, outcome: verdict, why: verdictText };
}

interface ChainRun {
  readonly horizons: readonly number[];
  readonly rows: number;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly exclude?: readonly string[];
}

async function complete(
  stack: Stack,
  { horizons, rows, overrides = {}, exclude = [] }: ChainRun,
): Promise<{ runId: string; report: string }> {
  const spec = runSpecFromJson({
    pairs: ['eurusd'],
    horizons,
    preset: 'quick',
    sample: { rows },
    universe: { groups: [{ name: 'pair', tables: ['*_eurusd', 'mkt_*'], shared: false }], exclude },
    overrides,
    approvalMode: 'within-budget',
  });
  const runId = await startRun(stack, spec);
  const run = await finishRun(stack, runId);
  if (run.state !== RunState.RUN_STATE_COMPLETED) throw new Error(`run ${runId}: ${run.problems.join('; ')}`);
  return { runId, report: readFileSync(run.reportPath, 'utf8') };
}
