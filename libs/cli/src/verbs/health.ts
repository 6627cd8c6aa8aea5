import { makeGenericClientConstructor } from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { explainTlsFailure } from '@onescan/process/grpc/tls/tls-failure.js';
import type { Command } from 'commander';
import { service } from 'grpc-health-check';
import { cancelOnInterrupt } from '../connection/cancel-on-interrupt.js';
import { securityOf } from '../connection/security.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parseWhole } from '../options/parsers.js';
import { writeJson } from '../output/write-json.js';

const HealthClient = makeGenericClientConstructor(service, 'Health');
const DEFAULT_TIMEOUT_MS = 3_000;

interface HealthOptions {
  target: string;
  service: string;
  timeoutMs: number;
}

/** `onescan health`: asks one gRPC server for its health, as probes of containers do. Exits 0 only when it is SERVING. */
export function addHealthVerb(program: Command, act: Act): void {
  program
    .command('health')
    .description('ask a service for its gRPC health; exit code 0 when it is SERVING, else 5')
    .requiredOption('--target <address>', 'host:port or unix:/path of the service')
    .option('--service <name>', 'service of the server, e.g. onescan.v1.FetcherService (default: all)', '')
    .option('--timeout-ms <n>', 'time for connection and answer', parseWhole, DEFAULT_TIMEOUT_MS)
    .action(
      act(async (invocation, { target, service: name, timeoutMs }: HealthOptions) => {
        const { terminal, global } = invocation;
        const security = securityOf(invocation);
        const interceptors = [cancelOnInterrupt(terminal.interrupt)];
        const client = createClient(HealthClient, target, { interceptors }, security);
        try {
          const { status } = await callUnary<object, { status: string }>(
            client,
            client.check as never,
            { service: name },
            { deadlineMs: timeoutMs },
          );
          if (global.json) await writeJson(terminal, { target, status });
          else await terminal.write(`${status}\n`);
          return status === 'SERVING' ? EXIT.ok : EXIT.failed;
        } catch (thrown) {
          const why = await explainTlsFailure(target, security).catch(() => undefined);
          const { message } = why ?? OnescanError.from(thrown);
          throw new OnescanError('UNAVAILABLE', `${target} does not say its health: ${message}`, {
            remedy: why?.remedy ?? 'Look at the log of the service',
            cause: thrown,
          });
        } finally {
          client.close();
        }
      }),
    );
}
