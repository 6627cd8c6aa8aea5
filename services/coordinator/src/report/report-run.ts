import type { RunSnapshot } from '../model/run-record.js';
import type { RunBook } from '../runs/run-book.js';
import { runFolder } from '../store/run-folder.js';
import type { RenderReport } from './report-data.js';

/** What reports are made from and where they go. */
export interface ReportParts {
  readonly book: RunBook;
  readonly options: {
    readonly stateDir: string;
    readonly fetchAhead: number;
    readonly pageTraces?: string | undefined;
  };
  /** What makes the HTML; undefined: the page with its pictures, which take more than all else in a small run. */
  readonly renderReport: RenderReport | undefined;
}

/**
 * Writes the files of a run's report into its folder, over those that are there.
 *
 * @returns the path of the HTML file
 * @throws OnescanError DATA_LOSS when a result document cannot be read
 */
export async function reportRun(
  { book, options, renderReport }: ReportParts,
  snapshot: RunSnapshot,
): Promise<string> {
  // Loaded when first needed: the chart library doubles the time that a coordinator takes to start.
  const { writeReport } = await import('./write-report.js');
  return writeReport(book.store, snapshot, {
    folder: runFolder(options.stateDir, snapshot.run.runId),
    fetchesAtOnce: options.fetchAhead,
    traces: options.pageTraces ?? '',
    ...(renderReport ? { renderReport } : {}),
  });
}
