import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import type { RunSnapshot } from '../model/run-record.js';
import { REPORT_FILE } from '../store/run-folder.js';
import type { Store } from '../store/store.js';
import { renderReport as withPictures } from './render-report.js';
import { type RenderReport, readReportData } from './report-data.js';
import { reportMarkdown } from './report-markdown.js';

/**
 * Writes `report.html`, `report.md`, `results.json` and `ledger.parquet` of a run that is ending, each in one step.
 *
 * @param snapshot the run as it will be stored
 * @param to the folder, the datasets fetched at a time, by which the pilot's text reckons, and the address of a Jaeger, if any
 * @returns the path of the HTML file
 * @throws OnescanError DATA_LOSS when a result document cannot be read
 */
export async function writeReport(
  store: Store,
  snapshot: RunSnapshot,
  {
    folder,
    renderReport = withPictures,
    ...with_
  }: { folder: string; fetchesAtOnce: number; traces: string; renderReport?: RenderReport },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const data = await readReportData(store, snapshot, with_);
  const reportPath = join(folder, REPORT_FILE);
  await publish(join(folder, 'ledger.parquet'), (path) => store.exportLedger(snapshot.run.runId, path));
  await publish(join(folder, 'results.json'), async (path) =>
    writeFile(path, await resultsJson(store, snapshot)),
  );
  await publish(join(folder, 'report.md'), async (path) => writeFile(path, reportMarkdown(data)));
  await publish(reportPath, async (path) => writeFile(path, await renderReport(data)));
  return reportPath;
}

/** All result documents with the facts of their run; numbers that are not finite are null. */
async function resultsJson(store: Store, { run, tasks }: RunSnapshot): Promise<string> {
  const results: string[] = [];
  for (const { pair, horizon, specHash, summary } of tasks.values()) {
    const stored = await store.readResult(run.runId, pair, horizon);
    if (!stored) continue;
    const { documentSha256, document } = stored;
    const facts = { pair, horizon, specHash, documentSha256, summary };
    results.push(jsonObject(facts, ['document', new TextDecoder().decode(document)]));
  }
  const facts = {
    format: 'onescan.run-results',
    formatVersion: 1,
    runId: run.runId,
    state: run.state,
    problems: run.problems.map(reasonText),
    problemReasons: run.problems,
    planHash: run.plan?.planHash ?? '',
    resultsSha256: run.resultsSha256,
    evidence: run.evidence && RunEvidence.toJSON(run.evidence),
    spec: RunSpec.toJSON(run.spec),
  };
  return `${jsonObject(facts, ['results', `[\n${results.join(',\n')}\n]`])}\n`;
}

/** An object as JSON whose last value is JSON already: documents go out byte for byte as they were stored. */
function jsonObject(
  facts: Readonly<Record<string, unknown>>,
  [last, json]: readonly [string, string],
): string {
  const named = Object.entries(facts).filter(([, value]) => value !== undefined);
  const texts = [...named.map(([name, value]) => [name, JSON.stringify(value)]), [last, json]];
  return `{${texts.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}

/** Writes beside the final name, then renames: nobody reads half a file. */
async function publish(path: string, write: (path: string) => Promise<unknown>): Promise<void> {
  const partial = `${path}.partial`;
  // Whatever is there, a link too: it would be written through.
  await rm(partial, { force: true });
  await write(partial);
  await rename(partial, path);
}
