import { resolve } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { isLoopbackAddress } from '@onescan/process/grpc/loopback.js';
import { resolveDatabaseFolder, resolveLocalPath } from '@onescan/process/local-path.js';
import type { Command } from 'commander';
import type { Act, Invocation } from '../context.js';
import { EXIT, type ExitCode } from '../exit-code.js';
import {
  addFetcherFlag,
  parseByteCount,
  parseDollars,
  parsePositive,
  parseWhole,
} from '../options/parsers.js';
import { writeJson } from '../output/write-json.js';
import { describeEnd } from '../stack/describe-end.js';
import { DEFAULT_RESTARTS } from '../stack/restart-policy.js';
import { type RunningStack, startStack } from '../stack/stack.js';
import {
  DEFAULT_PAGE,
  type ListenSecurity,
  namesKind,
  type StackOptions,
  withStackDefaults,
} from '../stack/stack-options.js';
import { startDetached } from '../stack/start-detached.js';

interface Options {
  warehouse: string;
  trainers?: number;
  maxWorkers?: number;
  memoryLimit?: number;
  maxRestarts?: number;
  listen?: string;
  page: string | false;
  jaeger?: string;
  tlsClientCa?: string;
  roles?: string;
  detach?: boolean;
  fetcherFlag?: string[];
  autoApprove?: number;
}

/** `onescan up`: runs a local stack in the foreground until Ctrl-C, or leaves it behind with --detach. */
export function addUpVerb(program: Command, act: Act): void {
  program
    .command('up')
    .description('start fetcher, coordinator and trainers on this machine')
    .requiredOption(
      '--warehouse <dir>',
      'folder of the embedded warehouse (onescan warehouse build), lake:DIR or bigquery:PROJECT',
    )
    .option('--trainers <n>', 'trainer processes (default: 2, or 1 on one core)', parsePositive)
    .option('--max-workers <n>', 'most trainers used at the same time (default: 8)', parsePositive)
    .option('--memory-limit <bytes>', 'of each trainer, e.g. 4GiB (default: up to 8GiB)', parseByteCount)
    .option(
      '--max-restarts <n>',
      'restarts of a service that ends by itself, within ten minutes, before it is given up (default: 5)',
      parseWhole,
    )
    .option('--auto-approve <usd>', 'most that --yes approves without a person (default: 5)', parseDollars)
    .option(
      '--listen <host:port>',
      'also serve the coordinator over TCP, for any gRPC client that has the token; port 0 is a free one; beyond this machine it takes --tls-cert and --tls-key',
    )
    .option(
      '--page <host:port>',
      'where the live page is served; beyond this machine it takes --tls-cert and --tls-key',
      DEFAULT_PAGE,
    )
    .option('--no-page', 'serve no page')
    .option('--jaeger <url>', 'Jaeger in which people look at traces; runs on the page link to theirs')
    .option(
      '--tls-client-ca <file>',
      'ask callers of --listen for certificates that these authorities signed',
    )
    .option('--roles <file>', 'who may do what over --listen, instead of the token: see docs/security.md')
    .option(
      '--fetcher-flag <name=value>',
      'passed on to the fetcher, e.g. price-per-tib=6.25 or location=us-central1; repeatable',
      addFetcherFlag,
    )
    .option('--detach', 'leave the stack running in the background; stop it with onescan down')
    .action(
      act(async (invocation, options: Options) => {
        const stackOptions = readOptions(invocation, options);
        return options.detach ? startDetached(invocation, stackOptions) : runStack(invocation, stackOptions);
      }),
    );
}

function readOptions(invocation: Invocation, options: Options): StackOptions {
  const { terminal, global } = invocation;
  const listenSecurity = readListenSecurity(invocation, options);
  return withStackDefaults({
    warehouse: namesKind(options.warehouse)
      ? options.warehouse
      : resolveLocalPath({ name: '--warehouse', value: options.warehouse, cwd: terminal.cwd }),
    home: resolveDatabaseFolder({ name: '--home', value: global.home, cwd: terminal.cwd }),
    ...(options.trainers === undefined ? {} : { trainers: options.trainers }),
    ...(options.maxWorkers === undefined ? {} : { maxWorkers: options.maxWorkers }),
    ...(options.memoryLimit === undefined ? {} : { memoryLimitBytes: options.memoryLimit }),
    ...(options.maxRestarts === undefined
      ? {}
      : { restarts: { ...DEFAULT_RESTARTS, most: options.maxRestarts } }),
    ...(options.autoApprove === undefined ? {} : { autoApproveUsd: options.autoApprove }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.page === false ? {} : { page: options.page }),
    ...(options.jaeger === undefined ? {} : { jaeger: options.jaeger }),
    ...(listenSecurity ? { listenSecurity } : {}),
    ...(options.fetcherFlag === undefined ? {} : { fetcherFlags: options.fetcherFlag }),
  });
}

/**
 * Files of the address that is served.
 *
 * @throws OnescanError INVALID_ARGUMENT without --listen, or when the address lies beyond this machine without TLS
 */
function readListenSecurity(
  { terminal, global }: Invocation,
  { listen, page, tlsClientCa, roles }: Options,
): ListenSecurity | undefined {
  const given = { tlsCert: global.tlsCert, tlsKey: global.tlsKey, tlsClientCa, roles };
  const files = Object.entries(given).filter(([, file]) => file !== undefined);
  const beyond = [listen, page].find((address) => address && !isLoopbackAddress(address));
  if (listen === undefined && beyond === undefined && files.length > 0) {
    throw new OnescanError('INVALID_ARGUMENT', 'certificates and roles are of the address of --listen', {
      remedy: 'Give --listen HOST:PORT with them; the sockets of the stack need none',
    });
  }
  if (beyond && (!given.tlsCert || !given.tlsKey)) {
    throw new OnescanError('INVALID_ARGUMENT', `refusing to serve ${beyond} without TLS`, {
      remedy:
        'Give --tls-cert FILE and --tls-key FILE, or a loopback address such as 127.0.0.1:7400; docs/security.md says how to make certificates',
    });
  }
  if (files.length === 0) return undefined;
  return Object.fromEntries(files.map(([name, file]) => [name, resolve(terminal.cwd, String(file))]));
}

async function runStack(invocation: Invocation, options: StackOptions): Promise<ExitCode> {
  const { terminal } = invocation;
  const stack = await startStack(options, terminal.interrupt);
  try {
    await showEndpoint(invocation, options, stack);
    return await supervise(invocation, options, stack);
  } finally {
    terminal.note('Stopping: trainers finish what they can, then coordinator and fetcher.');
    await stack.stop();
  }
}

/** Tells of services that end; the stack starts them again, and is over when it cannot do without one that is given up. */
async function supervise(
  { terminal }: Invocation,
  { restarts: limits }: StackOptions,
  stack: RunningStack,
): Promise<ExitCode> {
  const interrupted = new Promise<'interrupted'>((done) => {
    if (terminal.interrupt.aborted) done('interrupted');
    terminal.interrupt.addEventListener('abort', () => done('interrupted'), { once: true });
  });
  for (;;) {
    const end = await Promise.race([stack.nextEnd(), interrupted]);
    if (end === 'interrupted') return EXIT.interrupted;
    for (const line of describeEnd(end, { limits, logs: stack.logs })) terminal.note(line);
    if (end.isOver) return EXIT.failed;
  }
}

async function showEndpoint(
  { terminal, global }: Invocation,
  options: StackOptions,
  stack: RunningStack,
): Promise<void> {
  const { coordinator, fetcher, logs } = stack;
  if (global.json) return writeJson(terminal, stack.endpoint());
  await terminal.write(`coordinator ${coordinator}\nfetcher     ${fetcher}\n`);
  const { tcp, tokenFile } = stack.endpoint();
  const callers = tokenFile === undefined ? 'callers as --roles says' : `bearer token in ${tokenFile}`;
  if (tcp !== undefined) await terminal.write(`tcp         ${tcp}, ${callers}\n`);
  const link = await stack.pageLink();
  if (link !== undefined) await terminal.write(`page        ${link}\n`);
  terminal.note(
    `${options.trainers} trainers of at most ${formatBytes(options.memoryLimitBytes)}; logs in ${logs}. ` +
      'In another terminal: onescan run --pairs eurusd --yes. Ctrl-C stops everything.' +
      (link === undefined ? '' : ' The link opens the page once; onescan page makes another.'),
  );
}
