import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  ATTRIBUTE,
  durationAttributes,
  knownAttributes,
  memoryAttributes,
  SPAN,
} from '@onescan/process/telemetry/attributes.js';
import { identityOf, type SpanIdentity, spanIds } from '@onescan/process/telemetry/span-ids.js';
import { failSpan, tracer } from '@onescan/process/telemetry/tracing.js';
import { type Attributes, type Context, type Link, type Span, TraceFlags } from '@opentelemetry/api';
import type { AttemptOutcome, AttemptRecord } from '../model/attempt-record.js';
import type { TaskRecord } from '../model/run-record.js';

/** Ends that are nobody's failure. */
const UNHARMED: ReadonlySet<AttemptOutcome> = new Set(['DONE', 'CANCELLED', 'HANDED_BACK', 'UNDELIVERED']);

/** What the span of an attempt is made of. */
interface WrittenAttempt {
  readonly task: TaskRecord;
  readonly record: AttemptRecord;
  readonly attributes: Attributes;
  readonly endMs: number;
}

type Attempt = Pick<TaskRecord, 'pair' | 'horizon' | 'attempt'>;

/**
 * Identity of an attempt's span, by the trace and the attempt's number: the trainer makes its spans the children of a
 * span that the coordinator writes, whatever becomes of the trainer or of the coordinator that gave it out.
 *
 * @param traceparent of the run; empty when tracing is off
 */
export function attemptIdentity(
  traceparent: string,
  { pair, horizon, attempt }: Attempt,
): SpanIdentity | undefined {
  const run = identityOf(traceparent);
  if (!run) return undefined;
  const { traceId } = run;
  return { traceId, spanId: sha256Hex(`${traceId} ${pair} ${horizon} ${attempt}`).slice(0, 16) };
}

/**
 * Writes the span of an attempt that has ended, below `parent`, with a link to the attempt before it.
 *
 * @param endMs when, in epoch milliseconds; its own spans, which others wrote, end before
 */
export function writeAttemptSpan(
  parent: Context,
  traceparent: string,
  { task, record, attributes, endMs }: WrittenAttempt,
): void {
  const identity = attemptIdentity(traceparent, { ...task, attempt: record.attempt });
  if (!identity) return;
  const before = task.attempts.findLast(({ attempt }) => attempt < record.attempt);
  const earlier = before && attemptIdentity(traceparent, { ...task, attempt: before.attempt });
  const links: Link[] = earlier
    ? [
        {
          context: { ...earlier, traceFlags: TraceFlags.SAMPLED },
          attributes: { [ATTRIBUTE.linkKind]: 'retry of' },
        },
      ]
    : [];
  const options = {
    attributes: { ...attributes, ...attemptAttributes(task, record) },
    links,
    startTime: record.startedMs,
  };
  const span = spanIds.as(identity, () => tracer().startSpan(SPAN.horizon, options, parent));
  markEnd(span, record);
  span.end(Math.max(endMs, record.startedMs));
}

function attemptAttributes(task: TaskRecord, record: AttemptRecord): Attributes {
  const { attempt, trainerId, outcome, stage, fraction, peakRssBytes, startedMs, endedMs } = record;
  const { summary } = task;
  return {
    [ATTRIBUTE.runId]: task.runId,
    [ATTRIBUTE.pair]: task.pair,
    [ATTRIBUTE.horizon]: task.horizon,
    [ATTRIBUTE.attempt]: attempt,
    [ATTRIBUTE.trainerId]: trainerId,
    [ATTRIBUTE.outcome]: outcome,
    ...(peakRssBytes > 0n ? memoryAttributes(Number(peakRssBytes)) : {}),
    ...durationAttributes(((endedMs ?? startedMs) - startedMs) / 1_000),
    ...(outcome === 'DONE' && summary
      ? knownAttributes({
          [ATTRIBUTE.verdict]: summary.verdict,
          [ATTRIBUTE.auc]: summary.auc,
          [ATTRIBUTE.accuracy]: summary.accuracy,
          [ATTRIBUTE.skill]: summary.skill,
          [ATTRIBUTE.featuresTested]: summary.featuresTested,
          [ATTRIBUTE.featuresRetained]: summary.featuresRetained,
        })
      : {
          [ATTRIBUTE.failureKind]: outcome,
          [ATTRIBUTE.lastStage]: stage,
          [ATTRIBUTE.lastFraction]: fraction,
        }),
  };
}

function markEnd(span: Span, { outcome, message }: AttemptRecord): void {
  if (!UNHARMED.has(outcome)) failSpan(span, new OnescanError('ABORTED', message), outcome);
  else if (outcome !== 'DONE') span.addEvent(outcome.toLowerCase(), { [ATTRIBUTE.reason]: message });
}
