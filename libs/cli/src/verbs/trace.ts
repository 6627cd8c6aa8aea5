import { resolve } from 'node:path';
import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import type { OtlpTraces } from '@onescan/process/telemetry/otlp-json.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { sendTrace } from '../connection/send-trace.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { saveChunks } from '../output/save-chunks.js';
import { traceTree } from '../view/trace-tree.js';

interface Options {
  out?: string;
  send?: string;
}

/** Bytes that a coordinator's document is read up to: twice what it keeps. */
const MOST_BYTES = 32 * 1024 * 1024;

/** `onescan trace`: where the time of a run went, from the spans that its coordinator has kept. */
export function addTraceVerb(program: Command, act: Act): void {
  program
    .command('trace <run>')
    .description('show where the time of a run went, as a tree; no Jaeger is needed')
    .option('--out <file>', "save the spans as OTLP JSON, which Jaeger's page opens; - for stdout")
    .option('--send <url>', 'send the spans to a collector over OTLP/HTTP, e.g. http://localhost:4318')
    .action(
      act(async (invocation, { out, send }: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const document = await readTrace(client, runId);
          if (send !== undefined)
            await terminal.write(`${await sendTrace(send, document, terminal.interrupt)}\n`);
          if (out !== undefined && out !== '-') {
            const path = resolve(terminal.cwd, out);
            await saveChunks(once(document), path);
            await terminal.write(`${path}\n`);
          }
          if (out === '-' || global.json) await terminal.write(document);
          else if (out === undefined && send === undefined) await terminal.write(traceTree(parsed(document)));
          return EXIT.ok;
        }),
      ),
    );
}

async function readTrace(client: CoordinatorServiceClient, runId: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const { chunk } of callServerStream(client, client.getTrace, { runId })) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      throw new OnescanError('RESOURCE_EXHAUSTED', `the spans take more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* once(document: Buffer): AsyncGenerator<Buffer> {
  yield document;
}

function parsed(document: Buffer): OtlpTraces {
  return JSON.parse(document.toString()) as OtlpTraces;
}
