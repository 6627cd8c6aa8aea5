import { type Run, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';

/** Exit codes of the command, as documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  badInput: 2,
  /** Awaiting approval, or over budget. */
  needsApproval: 3,
  partial: 4,
  failed: 5,
  /** Complete, but a verdict is suspect. */
  suspect: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Verdict that no one should take for skill without looking at what it rests on. */
export const SUSPECT = 'SKILL_SUSPECT';

/** Errors of what the user typed or named. */
const BAD_INPUT: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'OUT_OF_RANGE',
]);

/** Planning errors that lie in the spec or in the warehouse: nothing was fetched, the input must change. */
const PLAN_BAD_INPUT: ReadonlySet<string> = new Set([...BAD_INPUT, 'FAILED_PRECONDITION']);

/** The same error, known to have come while a plan was made: what cannot be planned on is bad input. */
export function whilePlanning(thrown: unknown): OnescanError {
  const error = OnescanError.from(thrown);
  const { code, message, remedy, details } = error;
  return new OnescanError(code, message, { remedy, details: { ...details, stage: 'plan' }, cause: error });
}

/** Exit code for an error that ends the command. */
export function exitCodeOfError(error: OnescanError): ExitCode {
  if (BAD_INPUT.has(error.code)) return EXIT.badInput;
  if (error.details.stage === 'plan' && PLAN_BAD_INPUT.has(error.code)) return EXIT.badInput;
  return error.code === 'RESOURCE_EXHAUSTED' && 'budgetUsd' in error.details
    ? EXIT.needsApproval
    : EXIT.failed;
}

/** Exit code for the state a run was left in; 0 while it is still going on. */
export function exitCodeOfRun(run: Pick<Run, 'state' | 'planErrorCode' | 'tasks'>): ExitCode {
  if (PLAN_BAD_INPUT.has(run.planErrorCode)) return EXIT.badInput;
  switch (run.state) {
    case RunState.RUN_STATE_AWAITING_APPROVAL:
    case RunState.RUN_STATE_AWAITING_PILOT_APPROVAL:
      return EXIT.needsApproval;
    case RunState.RUN_STATE_PARTIAL:
      return EXIT.partial;
    case RunState.RUN_STATE_FAILED:
    case RunState.RUN_STATE_CANCELLED:
      return EXIT.failed;
    default:
      return run.tasks.some(({ summary }) => summary?.verdict === SUSPECT) ? EXIT.suspect : EXIT.ok;
  }
}
