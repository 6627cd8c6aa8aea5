import { resolve } from 'node:path';
import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { saveChunks } from '../output/save-chunks.js';
import { writeJson } from '../output/write-json.js';

interface Options {
  out?: string;
}

/** `onescan report`: fetches the HTML report of a run into a file; `--out -` writes it to stdout. */
export function addReportVerb(program: Command, act: Act): void {
  program
    .command('report <run>')
    .description('save the HTML report of a run')
    .option('--out <file>', 'where to; - for stdout (default: onescan-report-<run>.html)')
    .action(
      act(async (invocation, options: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          if (options.out === '-') {
            for await (const chunk of readReport(client, runId)) await terminal.write(chunk);
            return EXIT.ok;
          }
          const path = resolve(terminal.cwd, options.out ?? `onescan-report-${runId}.html`);
          const bytes = await saveChunks(readReport(client, runId), path);
          if (global.json) await writeJson(terminal, { runId, path, bytes });
          else await terminal.write(`${path}\n`);
          return EXIT.ok;
        }),
      ),
    );
}

async function* readReport(client: CoordinatorServiceClient, runId: string): AsyncGenerator<Buffer> {
  for await (const { chunk } of callServerStream(client, client.getReport, { runId })) yield chunk;
}
