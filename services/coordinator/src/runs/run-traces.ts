import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { ATTRIBUTE, costAttributes, SPAN } from '@onescan/process/telemetry/attributes.js';
import { noteTrace } from '@onescan/process/telemetry/log-trace.js';
import { identityOf, type SpanIdentity, spanIds } from '@onescan/process/telemetry/span-ids.js';
import {
  contextFromTraceparent,
  endSpan,
  failSpan,
  preciseNowMs,
  type SpanOptions,
  traceparentOf,
  tracer,
  withSpan,
} from '@onescan/process/telemetry/tracing.js';
import { type Context, context, type Span, trace } from '@opentelemetry/api';
import {
  type PairRecord,
  type RunRecord,
  type RunSnapshot,
  type TaskRecord,
  taskKey,
} from '../model/run-record.js';
import { isTraining } from '../model/run-scope.js';
import { attemptIdentity, writeAttemptSpan } from './attempt-span.js';

interface OpenTrace {
  root: Span;
  pairs: Map<string, Span>;
  /** Since when it waits for an approval, by a clock that does not jump. */
  waitsSinceMs: number | undefined;
  waitedMs: number;
  /** Work of the run in whose spans something is still done. */
  underWay: number;
  /** The run has ended: the root ends with the last of that work. */
  ended: RunSnapshot | undefined;
}

const NOTHING_YET = { waitsSinceMs: undefined, waitedMs: 0, underWay: 0, ended: undefined };

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
  readonly #onSpans: (run: RunRecord) => void;

  /** @param onSpans called when spans of a run have ended that others' are below */
  constructor(onSpans: (run: RunRecord) => void = () => undefined) {
    this.#onSpans = onSpans;
  }

  /**
   * Opens the root span of a run, below `earlier` when it is resumed after its end.
   *
   * @returns the traceparent to store
   */
  start(runId: string, earlier = ''): string {
    const parent = earlier === '' ? context.active() : contextFromTraceparent(earlier);
    const options = { attributes: { [ATTRIBUTE.runId]: runId }, startTime: preciseNowMs() };
    const root = tracer().startSpan(SPAN.run, options, parent);
    this.#opened(runId, root);
    return traceparentOf(root);
  }

  /**
   * Opens the spans again that an earlier process began; new ones when it had none. Those of attempts and pairs whose end
   * is stored, and that the process did not come to write, are written now.
   *
   * @param written ids of the spans of the run that were written
   */
  reopen(snapshot: RunSnapshot, written: ReadonlySet<string>): void {
    const { run, pairs, tasks } = snapshot;
    this.#reopenRoot(run);
    for (const pair of pairs.values()) if (isTraining(pair, tasks)) this.trainPair(run.runId, pair);
    this.#writeMissing(snapshot, written);
    if (run.state === 'AWAITING_APPROVAL' || run.state === 'AWAITING_PILOT_APPROVAL') this.waits(run.runId);
  }

  #writeMissing(snapshot: RunSnapshot, written: ReadonlySet<string>): void {
    const { run, pairs, tasks } = snapshot;
    const { root } = this.#open.get(run.runId)!;
    for (const task of tasks.values()) {
      for (const { attempt, endedMs } of task.attempts) {
        const spanId = attemptIdentity(run.traceparent, { ...task, attempt })?.spanId;
        if (endedMs === undefined || spanId === undefined || written.has(spanId)) continue;
        // Its trainer's spans end within the millisecond that was stored.
        this.endAttempt(snapshot, { ...task, attempt }, endedMs + 1);
      }
    }
    for (const pair of pairs.values()) {
      if (pair.trainStartedMs === undefined || isTraining(pair, tasks)) continue;
      if (!written.has(childIdentity(root, pair.pair).spanId)) this.trainPair(run.runId, pair);
      this.endPair(run.runId, pair.pair);
    }
  }

  #reopenRoot({ runId, traceparent, createdMs: startedMs }: RunRecord): void {
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
    this.#opened(runId, root);
  }

  #opened(runId: string, root: Span): void {
    this.#open.set(runId, { root, pairs: new Map(), ...NOTHING_YET });
    noteTrace(runId, traceparentOf(root));
  }

  /** A run waits for somebody's approval from now on. */
  waits(runId: string): void {
    const opened = this.#open.get(runId);
    if (!opened) return;
    opened.waitsSinceMs ??= performance.now();
    opened.root.addEvent('awaiting approval');
  }

  /** A plan was approved, or the rest after a pilot. */
  approved(runId: string, approvedBy: string): void {
    const opened = this.#open.get(runId);
    if (!opened) return;
    if (opened.waitsSinceMs !== undefined) opened.waitedMs += performance.now() - opened.waitsSinceMs;
    opened.waitsSinceMs = undefined;
    opened.root.addEvent('approved', { [ATTRIBUTE.approver]: approvedBy });
  }

  /**
   * Runs `begin`, which must begin the span of a pair's fetch, so that it gets the same identity after a restart: the
   * fetcher may have sent spans below it that this process never ended.
   */
  asFetch<T>(runId: string, pair: string, begin: () => T): T {
    const root = this.#open.get(runId)?.root;
    return root ? spanIds.as(childIdentity(root, `fetch ${pair}`), begin) : begin();
  }

  /** Runs `fn` in a span below the run's root, which ends no sooner. */
  async within<T>(
    runId: string,
    name: string,
    options: Omit<SpanOptions, 'parent'>,
    fn: (span: Span) => Promise<T>,
  ): Promise<T> {
    const opened = this.#open.get(runId);
    if (opened) opened.underWay++;
    try {
      return await withSpan(name, { ...options, parent: this.context(runId) }, fn);
    } finally {
      if (opened) opened.underWay--;
      if (opened?.ended && opened.underWay === 0) this.#end(opened, opened.ended);
    }
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
      span = spanIds.as(childIdentity(opened.root, pair), begin);
      opened.pairs.set(pair, span);
    }
    return traceparentOf(span);
  }

  /** Traceparent of an attempt, for its trainer's spans; the span itself is written when the attempt has ended. */
  attempt({ run, pairs }: RunSnapshot, task: Pick<TaskRecord, 'pair' | 'horizon' | 'attempt'>): string {
    const parent = identityOf(this.trainPair(run.runId, pairs.get(task.pair)!));
    const identity = parent && attemptIdentity(run.traceparent, task);
    const flags = run.traceparent.split('-')[3];
    return identity ? `00-${identity.traceId}-${identity.spanId}-${flags}` : '';
  }

  /** Writes the span of an attempt that has ended, by the records as they were stored; default: now. */
  endAttempt(
    { run, pairs, tasks }: RunSnapshot,
    { pair, horizon, attempt }: Pick<TaskRecord, 'pair' | 'horizon' | 'attempt'>,
    endMs: number = preciseNowMs(),
  ): void {
    if (!this.#open.has(run.runId)) return;
    this.trainPair(run.runId, pairs.get(pair)!);
    const span = this.#open.get(run.runId)?.pairs.get(pair);
    const task = tasks.get(taskKey(pair, horizon))!;
    const record = task.attempts.find((each) => each.attempt === attempt);
    if (!span || !record) return;
    const attributes = {
      [ATTRIBUTE.datasetId]: pairs.get(pair)!.dataset?.datasetId ?? '',
      [ATTRIBUTE.preset]: run.spec.preset,
    };
    const parent = trace.setSpan(contextFromTraceparent(''), span);
    writeAttemptSpan(parent, run.traceparent, { task, record, attributes, endMs });
    this.#onSpans(run);
  }

  /** Ends a pair's span: its last task has ended. */
  endPair(runId: string, pair: string): void {
    const pairs = this.#open.get(runId)?.pairs;
    const span = pairs?.get(pair);
    if (!span) return;
    endSpan(span);
    pairs?.delete(pair);
  }

  /** Ends all spans of a run that has ended, the root last and with the run's totals; it failed when the run did. */
  end(snapshot: RunSnapshot): void {
    const opened = this.#open.get(snapshot.run.runId);
    if (!opened) return;
    // What is given up now, such as a fetch, is a moment yet.
    if (opened.underWay > 0) opened.ended = snapshot;
    else this.#end(opened, snapshot);
  }

  #end(opened: OpenTrace, { run, pairs }: RunSnapshot): void {
    for (const span of opened.pairs.values()) endSpan(span);
    const billed = [...pairs.values()];
    const usd = billed.reduce((sum, pair) => sum + pair.usd, 0);
    opened.root.setAttributes({
      [ATTRIBUTE.pairs]: [...run.spec.pairs],
      [ATTRIBUTE.preset]: run.spec.preset,
      [ATTRIBUTE.planHash]: run.plan?.planHash ?? '',
      [ATTRIBUTE.approver]: run.approvedBy,
      [ATTRIBUTE.approvalSeconds]: opened.waitedMs / 1_000,
      ...(run.rerunOf === '' ? {} : { [ATTRIBUTE.rerunOf]: run.rerunOf }),
      [ATTRIBUTE.state]: run.state,
      [ATTRIBUTE.statements]: billed.reduce((sum, pair) => sum + pair.statementsRun, 0),
      [ATTRIBUTE.bytesBilled]: Number(billed.reduce((sum, pair) => sum + pair.bytesBilled, 0n)),
      ...costAttributes(usd),
      [ATTRIBUTE.workers]: run.workersUsed,
    });
    const [problem] = run.problems;
    const words = problem ? reasonText(problem) : run.state;
    // Who cancels a run has what he wanted.
    if (run.state === 'CANCELLED') opened.root.addEvent('cancelled', { [ATTRIBUTE.reason]: words });
    else if (run.state !== 'COMPLETED') failSpan(opened.root, new OnescanError('ABORTED', words), run.state);
    endSpan(opened.root);
    if (this.#open.get(run.runId) === opened) this.#open.delete(run.runId);
    this.#onSpans(run);
    noteTrace(run.runId, '');
  }

  /** Forgets what is open, for a shutdown: the next process opens it again and ends it. */
  close(): void {
    this.#open.clear();
  }
}

function childIdentity(root: Span, name: string): SpanIdentity {
  const { traceId, spanId } = root.spanContext();
  return { traceId, spanId: sha256Hex(`${spanId} ${name}`).slice(0, 16) };
}

/** Runs `fn` outside every span: for work that requests trigger but do not own. */
export function outsideSpans<T>(fn: () => T): T {
  return context.with(contextFromTraceparent(''), fn);
}
