import type { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import type { Assign } from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import {
  contextFromTraceparent,
  failSpan,
  traceparentOf,
  tracer,
} from '@onescan/process/telemetry/tracing.js';
import { type Attributes, type Context, type Link, type Span, trace } from '@opentelemetry/api';
import type { ComputeEvent, ComputeStage } from '../compute/compute-protocol.js';

/** The stages are written into spans of the same name. */
const STAGE_SPAN: Readonly<Record<ComputeStage, string>> = {
  load: SPAN.load,
  prune: SPAN.prune,
  select: SPAN.select,
  model: SPAN.model,
  explain: SPAN.explain,
};

/**
 * The spans of one attempt: `horizon` under the span that the coordinator named, with a child for each
 * stage. Stages are computed in another thread, so their spans are made from the times it tells.
 */
export class TaskSpans {
  readonly #horizon: Span;
  readonly #context: Context;
  readonly #stages = new Map<ComputeStage, Span>();

  constructor(assign: Assign, trainerId: string) {
    const parent = contextFromTraceparent(assign.traceparent);
    this.#horizon = tracer().startSpan(
      SPAN.horizon,
      { attributes: assignAttributes(assign, trainerId), links: linksOf(assign.failedTraceparent) },
      parent,
    );
    this.#context = trace.setSpan(parent, this.#horizon);
  }

  /** W3C traceparent of the horizon span, empty without tracing. */
  get traceparent(): string {
    return traceparentOf(this.#horizon);
  }

  onStage(event: Extract<ComputeEvent, { kind: 'stage' }>): void {
    if (event.event === 'start') {
      this.#stages.set(
        event.stage,
        tracer().startSpan(STAGE_SPAN[event.stage], { startTime: event.at }, this.#context),
      );
      return;
    }
    const span = this.#stages.get(event.stage);
    span?.setAttributes(factAttributes(event.facts));
    span?.end(event.at);
    this.#stages.delete(event.stage);
  }

  succeed(summary: HorizonSummary): void {
    this.#horizon.setAttributes({
      [ATTRIBUTE.verdict]: summary.verdict,
      [ATTRIBUTE.auc]: summary.auc,
      [ATTRIBUTE.accuracy]: summary.accuracy,
      [ATTRIBUTE.skill]: summary.skill,
      [ATTRIBUTE.featuresTested]: summary.featuresTested,
      [ATTRIBUTE.featuresRetained]: summary.featuresRetained,
    });
    this.#horizon.end();
  }

  /** Ends all spans as failed; stages that were under way end now. */
  fail(kind: string, error: OnescanError): void {
    for (const span of this.#stages.values()) {
      failSpan(span, error);
      span.end();
    }
    this.#horizon.setAttribute(ATTRIBUTE.failureKind, kind);
    failSpan(this.#horizon, error);
    this.#horizon.end();
  }
}

function assignAttributes(assign: Assign, trainerId: string): Attributes {
  return {
    [ATTRIBUTE.runId]: assign.task?.runId ?? '',
    [ATTRIBUTE.pair]: assign.task?.pair ?? '',
    [ATTRIBUTE.horizon]: assign.task?.horizon ?? 0,
    [ATTRIBUTE.attempt]: assign.task?.attempt ?? 0,
    [ATTRIBUTE.trainerId]: trainerId,
    [ATTRIBUTE.datasetId]: assign.dataset?.datasetId ?? '',
    [ATTRIBUTE.preset]: assign.preset,
  };
}

/** A retried attempt links to the one that failed. */
function linksOf(failedTraceparent: string): Link[] {
  const context = trace.getSpanContext(contextFromTraceparent(failedTraceparent));
  return context ? [{ context }] : [];
}

function factAttributes(facts: Readonly<Record<string, number | string>>): Attributes {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`onescan.stage.${name}`, value]));
}
