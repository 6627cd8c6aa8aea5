import { join, resolve } from 'node:path';
import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { MODEL_DOCUMENT, saveModels } from '../model/save-models.js';
import { parsePositive } from '../options/parsers.js';
import { writeJson } from '../output/write-json.js';

interface Options {
  pair: string;
  horizon: number;
  out?: string;
}

/** `onescan model`: the final models of a pair and horizon, in LightGBM's text format, and how predictions come of them. */
export function addModelVerb(program: Command, act: Act): void {
  program
    .command('model <run>')
    .description('save the final models (LightGBM text, model.json) of a run with --set models.export=yes')
    .requiredOption('--pair <pair>', 'of this pair')
    .requiredOption('--horizon <bars>', 'of this horizon', parsePositive)
    .option('--out <folder>', 'where to (default: onescan-model-<run>-<pair>-h<horizon>)')
    .action(
      act(async (invocation, { pair, horizon, out }: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const path = resolve(terminal.cwd, out ?? `onescan-model-${runId}-${pair}-h${horizon}`);
          const { models } = await saveModels(readModels(client, { runId, pair, horizon }), path);
          const files = [...models.map(({ file }) => file), MODEL_DOCUMENT].map((file) => join(path, file));
          if (global.json) await writeJson(terminal, { runId, pair, horizon, path, files });
          else await terminal.write(files.map((file) => `${file}\n`).join(''));
          return EXIT.ok;
        }),
      ),
    );
}

async function* readModels(
  client: CoordinatorServiceClient,
  request: { runId: string; pair: string; horizon: number },
): AsyncGenerator<Buffer> {
  for await (const { chunk } of callServerStream(client, client.getModels, request)) yield chunk;
}
