import { basename } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { shownLine } from '@onescan/contract/format/shown-text.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import {
  type DatasetRef,
  type FetcherServiceClient,
  ListDatasetsResponse,
  VerifyDatasetResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withFetcher } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';

/** A verify reads the whole file. */
const VERIFY_DEADLINE_MS = 30 * 60_000;

const COLUMNS: readonly TableColumn<DatasetRef>[] = [
  { title: 'dataset', text: (dataset) => dataset.datasetId.slice(0, 12) },
  { title: 'pair', text: (dataset) => dataset.pair },
  { title: 'rows', text: (dataset) => String(dataset.rows), align: 'right' },
  { title: 'columns', text: (dataset) => String(dataset.columns), align: 'right' },
  { title: 'file', text: (dataset) => formatBytes(dataset.fileBytes), align: 'right' },
  { title: 'cost', text: (dataset) => formatUsd(dataset.usd), align: 'right' },
  {
    title: 'used by',
    text: (dataset) => (dataset.referencedBy.length > 0 ? String(dataset.referencedBy.length) : ''),
    align: 'right',
  },
  { title: 'made', text: (dataset) => dataset.createdAt },
  { title: 'path', text: (dataset) => dataset.path },
];

/** `onescan cache ls|verify|evict`: the datasets that the fetcher keeps. */
export function addCacheVerbs(program: Command, act: Act): void {
  const cache = program.command('cache').description('the cached datasets');
  addLs(cache, act);
  addVerify(cache, act);
  addEvict(cache, act);
}

function addLs(cache: Command, act: Act): void {
  cache
    .command('ls')
    .description('list the cached datasets, and files that are not readable datasets')
    .action(
      act(async (invocation) =>
        withFetcher(invocation, async (client) => {
          const { terminal, global } = invocation;
          const response = await callUnary(client, client.listDatasets, {});
          if (global.json) await writeJson(terminal, messageJson(ListDatasetsResponse, response));
          else await terminal.write(renderTable(COLUMNS, response.datasets));
          for (const { path, reason } of response.unreadable) {
            terminal.note(shownLine(`unreadable: ${path}: ${reason}`));
          }
          return EXIT.ok;
        }),
      ),
    );
}

function addVerify(cache: Command, act: Act): void {
  cache
    .command('verify [dataset]')
    .description('read every block of a dataset, or of all, and compare the content hashes')
    .action(
      act(async (invocation, _options: object, prefix: string | undefined) =>
        withFetcher(invocation, async (client) => {
          const { terminal, global } = invocation;
          const datasets = await findDatasets(client, prefix);
          const results = [];
          for (const { datasetId, pair } of datasets) {
            const result = await callUnary(
              client,
              client.verifyDataset,
              { datasetId },
              { deadlineMs: VERIFY_DEADLINE_MS, signal: terminal.interrupt },
            );
            results.push({ datasetId, pair, result });
            if (!global.json) await terminal.write(verifyText(datasetId, pair, result));
          }
          if (global.json) await writeJson(terminal, { datasets: results.map(verifyJson) });
          return results.every(({ result }) => result.ok) ? EXIT.ok : EXIT.failed;
        }),
      ),
    );
}

function addEvict(cache: Command, act: Act): void {
  cache
    .command('evict <dataset>')
    .description('delete a cached dataset; a later run that needs it pays for the query again')
    .option('--force', 'also a shared dataset that others refer to, which cannot be read without it')
    .action(
      act(async (invocation, { force = false }: { force?: boolean }, prefix: string) =>
        withFetcher(invocation, async (client) => {
          const { terminal, global } = invocation;
          const datasetId = await findEvictable(client, prefix);
          const { bytesFreed } = await callUnary(client, client.deleteDataset, { datasetId, force });
          if (global.json) await writeJson(terminal, { datasetId, bytesFreed: bytesFreed.toString() });
          else await terminal.write(`deleted ${datasetId}, ${formatBytes(bytesFreed)} freed\n`);
          return EXIT.ok;
        }),
      ),
    );
}

/** Datasets by the start of their id, as lists show it; all when no prefix is given. */
async function findDatasets(client: FetcherServiceClient, prefix: string | undefined): Promise<DatasetRef[]> {
  const { datasets } = await callUnary(client, client.listDatasets, {});
  if (prefix === undefined) return datasets;
  const found = datasets.filter((dataset) => dataset.datasetId.startsWith(prefix));
  if (found.length === 1) return found;
  throw new OnescanError(
    found.length === 0 ? 'NOT_FOUND' : 'INVALID_ARGUMENT',
    found.length === 0 ? `no cached dataset ${prefix}` : `${found.length} datasets start with ${prefix}`,
    { remedy: 'onescan cache ls lists the datasets' },
  );
}

/** Id of a dataset, or the file name of a damaged one: those must be removable too. */
async function findEvictable(client: FetcherServiceClient, prefix: string): Promise<string> {
  const { unreadable } = await callUnary(client, client.listDatasets, {});
  const names = unreadable.map(({ path }) => basename(path));
  const damaged = names.filter((name) => name === prefix || name.split('-')[1]?.startsWith(prefix));
  if (damaged.length === 1) return damaged[0]!;
  const [dataset] = await findDatasets(client, prefix);
  return dataset!.datasetId;
}

interface Verified {
  datasetId: string;
  pair: string;
  result: VerifyDatasetResponse;
}

function verifyJson({ datasetId, pair, result }: Verified): object {
  return { datasetId, pair, ...(messageJson(VerifyDatasetResponse, result) as object) };
}

function verifyText(datasetId: string, pair: string, result: VerifyDatasetResponse): string {
  const verdict = result.ok ? `ok, ${result.columnsChecked} columns checked` : 'DAMAGED';
  const problems = result.problems.map((problem) => `  ${problem}\n`).join('');
  return `${datasetId.slice(0, 12)} ${pair}: ${verdict}\n${problems}`;
}
