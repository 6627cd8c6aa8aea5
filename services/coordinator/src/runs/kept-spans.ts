import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Logger } from '@onescan/process/log.js';
import { identityOf } from '@onescan/process/telemetry/span-ids.js';
import { spanTap } from '@onescan/process/telemetry/span-tap.js';
import type { RunRecord } from '../model/run-record.js';
import { TraceFiles } from '../store/trace-files.js';

type Traced = Pick<RunRecord, 'runId' | 'traceparent'>;

/** Puts the spans of runs into their files: this process's own, and those that trainers and the fetcher send. */
export class KeptSpans {
  readonly #files: TraceFiles;
  readonly #log: Logger;

  constructor(stateDir: string, log: Logger) {
    this.#files = new TraceFiles(stateDir);
    this.#log = log;
  }

  /** Keeps this process's spans of a run that have ended since the last time. */
  collect(run: Traced): void {
    const traceId = identityOf(run.traceparent)?.traceId;
    if (traceId !== undefined) this.received(run, spanTap.take(traceId));
  }

  /**
   * All that is kept of a run, as one document of OTLP JSON, in pieces.
   *
   * @throws OnescanError NOT_FOUND when there is nothing
   */
  read(runId: string): Iterable<Buffer> {
    return this.#files.read(runId);
  }

  /** Ids of the spans that are kept of a run. */
  written(runId: string): ReadonlySet<string> {
    return this.#files.spanIds(runId);
  }

  /** Keeps spans that were sent. A run never fails of its spans: what cannot be kept is logged. */
  received({ runId, traceparent }: Traced, spans: Uint8Array): void {
    const traceId = identityOf(traceparent)?.traceId;
    if (traceId === undefined) return;
    try {
      this.#files.append(runId, traceId, spans);
    } catch (thrown) {
      this.#log.warn({ runId, reason: OnescanError.from(thrown).text }, 'spans were not kept');
    }
  }
}
