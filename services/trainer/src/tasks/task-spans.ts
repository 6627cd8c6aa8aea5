import type { Assign } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { ATTRIBUTE, knownAttributes, memoryAttributes, SPAN } from '@onescan/process/telemetry/attributes.js';
import { MOST_SPANS_BYTES } from '@onescan/process/telemetry/otlp-json.js';
import { identityOf } from '@onescan/process/telemetry/span-ids.js';
import { spanTap } from '@onescan/process/telemetry/span-tap.js';
import { contextFromTraceparent, endSpan, failSpan, tracer } from '@onescan/process/telemetry/tracing.js';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { ComputeEvent, ComputeStage } from '../compute/compute-protocol.js';
import type { TaskFailureKind } from './task-messages.js';

/** The stages are written into spans of the same name. */
const STAGE_SPAN: Readonly<Record<ComputeStage, string>> = {
  load: SPAN.load,
  prune: SPAN.prune,
  select: SPAN.select,
  model: SPAN.model,
  explain: SPAN.explain,
};

/**
 * The stages of one attempt, each a child of the attempt's span. That one the coordinator writes, which knows how the
 * attempt ended whatever becomes of this process. Stages are computed in another thread, so their spans are made from
 * the times it tells. Without tracing in the coordinator there is none here.
 */
export class TaskSpans {
  readonly #attributes: Attributes;
  readonly #parent: Context | undefined;
  readonly #traceId: string;
  readonly #stages = new Map<ComputeStage, Span>();
  #memoryLevel = 'ok';

  constructor(assign: Assign, trainerId: string) {
    this.#parent = assign.traceparent === '' ? undefined : contextFromTraceparent(assign.traceparent);
    this.#traceId = identityOf(assign.traceparent)?.traceId ?? '';
    this.#attributes = {
      [ATTRIBUTE.runId]: assign.task?.runId ?? '',
      [ATTRIBUTE.pair]: assign.task?.pair ?? '',
      [ATTRIBUTE.horizon]: assign.task?.horizon ?? 0,
      [ATTRIBUTE.attempt]: assign.task?.attempt ?? 0,
      [ATTRIBUTE.trainerId]: trainerId,
    };
  }

  /** @param peakRssBytes of the process since the attempt began */
  onStage(event: Extract<ComputeEvent, { kind: 'stage' }>, peakRssBytes: number): void {
    const { stage, at } = event;
    if (event.event === 'start') {
      if (!this.#parent) return;
      const options = { startTime: at, attributes: this.#attributes };
      this.#stages.set(stage, tracer().startSpan(STAGE_SPAN[stage], options, this.#parent));
      return;
    }
    const span = this.#stages.get(stage);
    span?.setAttributes({ ...factAttributes(event.facts), ...memoryAttributes(peakRssBytes) });
    span?.end(at);
    this.#stages.delete(stage);
  }

  /** Notes on the stages under way that memory has become scarce, or scarcer. */
  onMemory(level: string, rssBytes: number): void {
    if (level === this.#memoryLevel) return;
    this.#memoryLevel = level;
    for (const span of this.#stages.values())
      span.addEvent(`memory ${level}`, { [ATTRIBUTE.rssBytes]: rssBytes });
  }

  /**
   * Ends the stages that were under way; those of an attempt that was cancelled are not written: the coordinator has ended
   * its span before it said so, with where the attempt was.
   */
  fail(kind: TaskFailureKind, message: string): void {
    for (const span of kind === 'CANCELLED' ? [] : this.#stages.values()) {
      if (kind === 'HANDED_BACK') span.addEvent('handed_back', { [ATTRIBUTE.reason]: message });
      else failSpan(span, new OnescanError('ABORTED', message), kind);
      endSpan(span);
    }
    this.#stages.clear();
  }

  /** The spans of the trace that have ended in this process, for the run's own file of spans; empty for too many. */
  take(): Uint8Array {
    const spans = spanTap.take(this.#traceId);
    return spans.length > MOST_SPANS_BYTES ? new Uint8Array() : spans;
  }
}

function factAttributes(facts: Readonly<Record<string, number | string>>): Attributes {
  const named = Object.entries(facts).map(([name, value]) => [`onescan.stage.${name}`, value] as const);
  return knownAttributes(Object.fromEntries(named));
}
