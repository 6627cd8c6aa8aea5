import { resolve } from 'node:path';
import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parsePositive } from '../options/parsers.js';
import { saveChunks } from '../output/save-chunks.js';
import { writeJson } from '../output/write-json.js';

interface Options {
  pair: string;
  horizon: number;
  out?: string;
}

/** `onescan explain`: the SHAP values of every explained row of a pair and horizon, as a Parquet file. */
export function addExplainVerb(program: Command, act: Act): void {
  program
    .command('explain <run>')
    .description('save the SHAP values of every row (Parquet) of a run with --set explain.export=yes')
    .requiredOption('--pair <pair>', 'of this pair')
    .requiredOption('--horizon <bars>', 'of this horizon', parsePositive)
    .option('--out <file>', 'where to (default: onescan-shap-<run>-<pair>-h<horizon>.parquet)')
    .action(
      act(async (invocation, { pair, horizon, out }: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const path = resolve(terminal.cwd, out ?? `onescan-shap-${runId}-${pair}-h${horizon}.parquet`);
          const bytes = await saveChunks(readExplanation(client, { runId, pair, horizon }), path);
          if (global.json) await writeJson(terminal, { runId, pair, horizon, path, bytes });
          else await terminal.write(`${path}\n`);
          return EXIT.ok;
        }),
      ),
    );
}

async function* readExplanation(
  client: CoordinatorServiceClient,
  request: { runId: string; pair: string; horizon: number },
): AsyncGenerator<Buffer> {
  for await (const { chunk } of callServerStream(client, client.getExplanation, request)) yield chunk;
}
