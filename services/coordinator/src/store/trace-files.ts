import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { requireNoLink } from '@onescan/dataset/no-links.js';
import { readOtlpJson } from '@onescan/process/telemetry/otlp-json.js';
import { runFolder } from './run-folder.js';

/** Name of the file of spans in the folder of its run: a line is one document of OTLP JSON, as its file exporters write. */
export const TRACE_FILE = 'trace.jsonl';

/** Largest file of spans: those of 28 pairs x 7 horizons take about 1.5 MB. */
export const MOST_TRACE_BYTES = 16 * 1024 * 1024;

/** The spans of runs, each in the folder of its run. */
export class TraceFiles {
  readonly #stateDir: string;

  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /**
   * Adds spans to the file of a run. Only what is valid and of its trace is, and never more than the bound.
   *
   * @param spans OTLP JSON; empty: there are none
   * @throws OnescanError INVALID_ARGUMENT when it is not, RESOURCE_EXHAUSTED when there is no room
   */
  append(runId: string, traceId: string, spans: Uint8Array): void {
    if (spans.length === 0) return;
    const line = `${JSON.stringify(readOtlpJson(spans, traceId))}\n`;
    const folder = runFolder(this.#stateDir, runId);
    const path = join(folder, TRACE_FILE);
    mkdirSync(folder, { recursive: true });
    requireNoLink(path);
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes + line.length > MOST_TRACE_BYTES) {
      throw new OnescanError(
        'RESOURCE_EXHAUSTED',
        `the spans of run ${runId} would take more than ${MOST_TRACE_BYTES} bytes`,
      );
    }
    try {
      appendFileSync(path, line);
    } catch (thrown) {
      throw OnescanError.from(thrown, 'RESOURCE_EXHAUSTED');
    }
  }

  /** Ids of the spans of a run; none where there is no file. */
  spanIds(runId: string): ReadonlySet<string> {
    const path = join(runFolder(this.#stateDir, runId), TRACE_FILE);
    requireNoLink(path);
    if (!statSync(path, { throwIfNoEntry: false })) return new Set();
    const found = readFileSync(path, 'utf8').matchAll(/"spanId":"([0-9a-f]{16})","(?!attributes)/g);
    return new Set([...found].map(([, id]) => id!));
  }

  /**
   * The spans of a run as one document of OTLP JSON, in pieces.
   *
   * @throws OnescanError NOT_FOUND when there are none
   */
  *read(runId: string): Generator<Buffer> {
    const path = join(runFolder(this.#stateDir, runId), TRACE_FILE);
    requireNoLink(path);
    if (!statSync(path, { throwIfNoEntry: false })) {
      throw new OnescanError('NOT_FOUND', `run ${runId} has no spans`, {
        remedy: 'They are kept since this version, unless OTEL_SDK_DISABLED or a sampler says otherwise',
      });
    }
    yield Buffer.from('{"resourceSpans":[');
    let separator = '';
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      const resources = resourcesOf(line);
      if (resources === '') continue;
      yield Buffer.from(separator + resources);
      separator = ',';
    }
    yield Buffer.from(']}\n');
  }
}

/** What stands between the brackets of a line's list; empty for a line that was being written when a process ended. */
function resourcesOf(line: string): string {
  try {
    const { resourceSpans } = JSON.parse(line) as { resourceSpans: unknown[] };
    return resourceSpans.map((resource) => JSON.stringify(resource)).join(',');
  } catch {
    return '';
  }
}
