import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { identityOf, type SpanIdentity, spanIds } from '@onescan/process/telemetry/span-ids.js';
import {
  contextFromTraceparent,
  failSpan,
  traceparentOf,
  tracer,
} from '@onescan/process/telemetry/tracing.js';
import { type Context, context, type Span, trace } from '@opentelemetry/api';
import type { PairRecord, RunSnapshot } from '../model/run-record.js';

interface OpenTrace {
  root: Span;
  pairs: Map<string, Span>;
}

/**
 * The spans of the runs in this process: `run` at the root, `train_pair` for each pair. Parents are always
 * given explicitly, so no span hangs off a long-lived stream.
 *
 * A span is sent when it ends, so those of a coordinator that crashed were never sent. The next one opens them
 * again under the same ids: the root's are stored, those of `train_pair` follow from the root's and the pair.
 * What trainers sent meanwhile hangs where it should.
 */
export class RunTraces {
  readonly #open = new Map<string, OpenTrace>();

  /**
   * Opens the root span of a run, below `earlier` when it is resumed after its end.
   *
   * @returns the traceparent to store
   */
  start(runId: string, earlier = ''): string {
    const root = tracer().startSpan(
      SPAN.run,
      { attributes: { [ATTRIBUTE.runId]: runId } },
      contextFromTraceparent(earlier),
    );
    this.#open.set(runId, { root, pairs: new Map() });
    return traceparentOf(root);
  }

  /** Opens the root span again that an earlier process began at `startedMs`; a new one when it had none. */
  reopen(runId: string, traceparent: string, startedMs: number): void {
    const identity = identityOf(traceparent);
    if (!identity) {
      this.start(runId);
      return;
    }
    const attributes = { [ATTRIBUTE.runId]: runId };
    const begin = (): Span =>
      tracer().startSpan(
        SPAN.run,
        { attributes, startTime: startedMs, root: true },
        contextFromTraceparent(''),
      );
    const root = spanIds.as(identity, begin);
    root.addEvent('the coordinator was started again');
    this.#open.set(runId, { root, pairs: new Map() });
  }

  /** Context whose spans become children of the run's root. */
  context(runId: string): Context {
    const root = this.#open.get(runId)?.root;
    return root ? trace.setSpan(contextFromTraceparent(''), root) : contextFromTraceparent('');
  }

  /**
   * Traceparent of a pair's `train_pair` span, opened when the pair's first task is assigned, and again, with
   * its first start, after a restart.
   */
  trainPair(runId: string, { pair, trainStartedMs }: Pick<PairRecord, 'pair' | 'trainStartedMs'>): string {
    const opened = this.#open.get(runId);
    if (!opened) return '';
    let span = opened.pairs.get(pair);
    if (!span) {
      const attributes = { [ATTRIBUTE.runId]: runId, [ATTRIBUTE.pair]: pair };
      const startTime = trainStartedMs === undefined ? {} : { startTime: trainStartedMs };
      const begin = (): Span =>
        tracer().startSpan(SPAN.trainPair, { attributes, ...startTime }, this.context(runId));
      span = spanIds.as(pairIdentity(opened.root, pair), begin);
      opened.pairs.set(pair, span);
    }
    return traceparentOf(span);
  }

  /** Ends a pair's span: its last task has ended. */
  endPair(runId: string, pair: string): void {
    const pairs = this.#open.get(runId)?.pairs;
    pairs?.get(pair)?.end();
    pairs?.delete(pair);
  }

  /** Ends all spans of a run that has ended, the root last and with the run's totals; it failed when the run did. */
  end({ run, pairs }: RunSnapshot): void {
    const opened = this.#open.get(run.runId);
    if (!opened) return;
    for (const span of opened.pairs.values()) span.end();
    const billed = [...pairs.values()];
    opened.root.setAttributes({
      [ATTRIBUTE.statements]: billed.reduce((sum, pair) => sum + pair.statementsRun, 0),
      [ATTRIBUTE.bytesBilled]: Number(billed.reduce((sum, pair) => sum + pair.bytesBilled, 0n)),
      [ATTRIBUTE.usd]: billed.reduce((sum, pair) => sum + pair.usd, 0),
      [ATTRIBUTE.workers]: run.workersUsed,
    });
    const [problem] = run.problems;
    if (run.state !== 'COMPLETED')
      failSpan(opened.root, new Error(problem ? reasonText(problem) : run.state));
    opened.root.end();
    this.#open.delete(run.runId);
  }

  /** Forgets what is open, for a shutdown: the next process opens it again and ends it. */
  close(): void {
    this.#open.clear();
  }
}

function pairIdentity(root: Span, pair: string): SpanIdentity {
  const { traceId, spanId } = root.spanContext();
  return { traceId, spanId: sha256Hex(`${spanId} ${pair}`).slice(0, 16) };
}

/** Runs `fn` outside every span: for work that requests trigger but do not own. */
export function outsideSpans<T>(fn: () => T): T {
  return context.with(contextFromTraceparent(''), fn);
}
