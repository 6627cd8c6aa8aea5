import type { z } from 'zod';
import { canonicalJson } from '../canonical-json.js';
import type { Reason as ReasonMessage } from '../generated/onescan/v1/reason.js';
import { EXCLUSION_REASONS } from './exclusion-reasons.js';
import { PRUNE_REASONS, PRUNE_REMARKS, RETAIN_REASONS, SELECT_REASONS, SUSPICIONS } from './fate-reasons.js';
import { PLAN_NOTES } from './note-reasons.js';
import { RUN_PROBLEMS } from './problem-reasons.js';
import { FACT, type ReasonEntry, reasonEntry } from './reason-entry.js';
import { RUN_VERDICT_REASONS } from './run-verdict-reasons.js';
import { VERDICT_REASONS } from './verdict-reasons.js';

/** What was stored before there were codes, or comes from a version that knows more of them: its text alone. */
const UNSPECIFIED = {
  unspecified: reasonEntry(
    'it was recorded before there were codes',
    { text: FACT.words },
    ({ text }) => text,
  ),
};

/** Every code by where it may stand; docs/results.md has the same tables. */
export const REASON_FAMILIES = {
  exclusion: EXCLUSION_REASONS,
  prune: PRUNE_REASONS,
  select: SELECT_REASONS,
  retain: RETAIN_REASONS,
  suspicion: SUSPICIONS,
  'prune remark': PRUNE_REMARKS,
  verdict: VERDICT_REASONS,
  'run verdict': RUN_VERDICT_REASONS,
  'plan note': PLAN_NOTES,
  'run problem': RUN_PROBLEMS,
  unspecified: UNSPECIFIED,
} as const;

export type ReasonFamily = keyof typeof REASON_FAMILIES;

export const REASONS = {
  ...UNSPECIFIED,
  ...EXCLUSION_REASONS,
  ...PRUNE_REASONS,
  ...SELECT_REASONS,
  ...RETAIN_REASONS,
  ...SUSPICIONS,
  ...PRUNE_REMARKS,
  ...VERDICT_REASONS,
  ...RUN_VERDICT_REASONS,
  ...PLAN_NOTES,
  ...RUN_PROBLEMS,
};

export type ReasonCode = keyof typeof REASONS;
export type ReasonFacts<C extends ReasonCode> = z.output<(typeof REASONS)[C]['facts']>;

/** A code with its facts, e.g. `{ code: 'same_values', facts: { feature: 'mkt_flow.net' } }`. */
export type ReasonOf<C extends ReasonCode> = {
  [K in C]: { readonly code: K; readonly facts: Readonly<ReasonFacts<K>> };
}[C];
export type Reason = ReasonOf<ReasonCode>;

export type CodeOf<F extends ReasonFamily> = Extract<keyof (typeof REASON_FAMILIES)[F], ReasonCode>;
export type ExclusionReason = ReasonOf<CodeOf<'exclusion'> | 'unspecified'>;
export type PlanNoteCode = CodeOf<'plan note'>;
export type RunVerdictReason = ReasonOf<CodeOf<'run verdict'>>;
export type RunProblem = ReasonOf<CodeOf<'run problem'> | 'unspecified'>;

/** A reason as a sentence without a full stop. Every sentence that is made of facts is made here. */
export function reasonText(reason: Reason): string {
  const { label } = REASONS[reason.code] as ReasonEntry;
  return label === undefined ? bareReasonText(reason) : `${label}: ${bareReasonText(reason)}`;
}

/** The same where something before it has said already that it is a suspicion. */
export function bareReasonText({ code, facts }: Reason): string {
  return (REASONS[code] as ReasonEntry).sentence(facts);
}

/** What all reasons of a code have in common, to be read after "because"; of unknown codes the code. */
export function reasonMeaning(code: string): string {
  return ownEntry(REASONS, code)?.meaning ?? code;
}

/** What every code means, for who shows reasons without making sentences: a browser. */
export function reasonMeanings(): Record<string, string> {
  return Object.fromEntries(Object.entries(REASONS).map(([code, { meaning }]) => [code, meaning]));
}

/**
 * What came over the wire or was stored, as far as it is known; otherwise its text alone.
 *
 * @param text the sentence that stood beside it, which may be all there is
 */
export function readReason(message: ReasonMessage | undefined, text: string): Reason {
  const entry = message && ownEntry(REASONS, message.code);
  const found = entry?.facts.safeParse(message?.facts ?? {});
  if (!found?.success) return { code: 'unspecified', facts: { text } };
  return { code: message!.code, facts: found.data } as Reason;
}

/** A reason as tables keep it. Codes are empty, or were not there, in those of earlier versions. */
export interface StoredReason {
  readonly code: string | undefined;
  /** JSON. */
  readonly facts: string | undefined;
  /** What stands beside it for people. */
  readonly text: string;
}

/** What a table keeps of a reason beside its code. */
export function storedFacts({ facts }: Pick<ReasonMessage, 'facts'>): string {
  return canonicalJson(facts ?? {});
}

/** The reason that a table keeps; damaged ones are their text alone. */
export function readStoredReason({ code, facts, text }: StoredReason): Reason {
  if (!code) return readReason(undefined, text);
  try {
    return readReason({ code, facts: JSON.parse(facts || '{}') }, text);
  } catch {
    return readReason(undefined, text);
  }
}

/** A reason as one for which a column is excluded: of any other its text. */
export function asExclusion(reason: Reason): ExclusionReason {
  return ownEntry(EXCLUSION_REASONS, reason.code) ? (reason as ExclusionReason) : textOnly(reason);
}

/** A reason as one that keeps a run from being complete: of any other its text. */
export function asRunProblem(reason: Reason): RunProblem {
  return ownEntry(RUN_PROBLEMS, reason.code) ? (reason as RunProblem) : textOnly(reason);
}

function textOnly(reason: Reason): ReasonOf<'unspecified'> {
  return { code: 'unspecified', facts: { text: reasonText(reason) } };
}

/**
 * What is wrong with a reason of a peer: a code that may not stand there, facts that it needs and lacks, others, or facts
 * beyond their bounds; undefined when nothing is.
 */
export function reasonProblem(
  { code, facts }: ReasonMessage,
  families: readonly ReasonFamily[],
): string | undefined {
  const entry = families.map((family) => ownEntry(REASON_FAMILIES[family], code)).find(Boolean);
  if (!entry) return `has no reason ${JSON.stringify(code.slice(0, 40))}`;
  const checked = entry.facts.safeParse(facts ?? {});
  if (checked.success) return undefined;
  const { path, message } = checked.error.issues[0]!;
  return `has the reason ${code} with facts that do not fit: ${[...path, message].join(': ').slice(0, 200)}`;
}

function ownEntry(family: object, code: string): ReasonEntry | undefined {
  return Object.hasOwn(family, code) ? (family as Record<string, ReasonEntry>)[code] : undefined;
}
