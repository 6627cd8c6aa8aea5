import { join } from 'node:path';
import type { ServerInterceptor } from '@grpc/grpc-js';
import { ExternalScalerService } from '@onescan/contract/generated/externalscaler/externalscaler.js';
import { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { auditGuard, auditRefusal } from '@onescan/process/audit/audit-guard.js';
import { guardedService } from '@onescan/process/grpc/guard/guarded-service.js';
import { InProcessCalls } from '@onescan/process/grpc/in-process-calls.js';
import { MAX_MESSAGE_BYTES } from '@onescan/process/grpc/message-limits.js';
import { type ServerSecurity, serverSecurity } from '@onescan/process/grpc/service-security.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';
import type { Logger } from '@onescan/process/log.js';
import { PROCESS_METRICS, recordProcess } from '@onescan/process/metrics/process-metrics.js';
import { measureServed } from '@onescan/process/metrics/rpc-metrics.js';
import { type Metrics, startMetrics } from '@onescan/process/metrics/start-metrics.js';
import { readProcessMemory } from '@onescan/process/process-memory.js';
import { withTlsEnvironment } from '@onescan/process/service/security-flags.js';
import { unsentSpans } from '@onescan/process/telemetry/unsent-spans.js';
import { version } from '@onescan/process/version.js';
import { type Clocks, Coordinator } from './coordinator.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { HUB_LIMITS } from './hub/hub-limits.js';
import { hubService } from './hub/hub-service.js';
import { COORDINATOR_METRICS } from './metrics/coordinator-metrics.js';
import { recordMetrics } from './metrics/record-metrics.js';
import { readPageFiles } from './page/page-files.js';
import { type RunningPage, startPage } from './page/start-page.js';
import type { RenderReport } from './report/report-data.js';
import { PodApi } from './scaling/pod-api.js';
import { PodDeletionCosts } from './scaling/pod-deletion-costs.js';
import { SCALER_LIMITS, scalerService } from './scaling/scaler-service.js';
import { COORDINATOR_AUDIT } from './service/coordinator-audit.js';
import { COORDINATOR_LIMITS } from './service/coordinator-limits.js';
import { coordinatorService } from './service/coordinator-service.js';

/** Spans of the coordinator on their way to a collector, in the state folder. */
const UNSENT_SPANS_FILE = 'unsent-spans.jsonl';

/** Time for calls under way to end at shutdown, in milliseconds. */
const SHUTDOWN_GRACE_MS = 2_000;

export interface RunningCoordinator {
  /** Address that is served. */
  readonly address: string;
  /** "host:port" that is served beside it. */
  readonly tcp?: string;
  /** Where the live page is served, "http://127.0.0.1:7480/". */
  readonly page?: string;
  /** "host:port" where KEDA asks how much work there is. */
  readonly scaler?: string;
  /** Goes NOT_SERVING, stores what is under way, ends all streams, closes the state file. */
  shutdown(): Promise<void>;
}

export interface StartHooks {
  /** Called when the state file can no longer be used: the process must end. */
  onFatal?: (thrown: unknown) => void;
  /** Default: the system's. */
  clocks?: Clocks;
  /** Default: the page with its pictures. */
  renderReport?: RenderReport;
  /** Default: that of the pod. */
  podApi?: PodApi;
}

/** Opens the state folder, takes up its runs and serves both services on one address, or on two. */
export async function startCoordinator(
  given: CoordinatorOptions,
  log: Logger,
  { onFatal, podApi, ...hooks }: StartHooks = {},
): Promise<RunningCoordinator> {
  const options = withTlsEnvironment(given);
  const coordinator = await Coordinator.open(options, log, hooks);
  unsentSpans.keepIn(join(options.stateDir, UNSENT_SPANS_FILE));
  if (onFatal) coordinator.whenFatal(onFatal);
  try {
    const security = serverSecurity(options, log);
    const metrics = await startMetrics('onescan-coordinator', options.metricsListen, log);
    if (metrics.isRead) measure(metrics, coordinator);
    const terms = { ...security, measured: measureServed(metrics, COORDINATOR_METRICS) };
    const servers = [await serve(coordinator, options.listen, terms)];
    if (options.tcpListen !== undefined) servers.push(await serve(coordinator, options.tcpListen, terms));
    const page = options.page === undefined ? undefined : await servePage(coordinator, options, security);
    const [first, tcp] = servers;
    const scaler = await serveScaler(coordinator, options.scalerListen, security);
    if (scaler) {
      servers.push(scaler);
      log.info({ address: scaler.address }, 'KEDA can ask how much work there is');
    }
    const costs = options.podDeletionCost ? deletionCosts(coordinator, log, podApi) : undefined;
    return {
      address: first!.address,
      ...(tcp ? { tcp: tcp.address } : {}),
      ...(page ? { page: page.address } : {}),
      ...(scaler ? { scaler: scaler.address } : {}),
      shutdown: async () => {
        await costs?.close();
        await page?.close();
        // Beside the rest: a collector that is away holds nothing up.
        const measured = metrics.close();
        for (const server of servers) server.setServing(false);
        await coordinator.close();
        await Promise.all(servers.map((server) => server.shutdown(SHUTDOWN_GRACE_MS)));
        security.close();
        await measured;
      },
    };
  } catch (thrown) {
    await coordinator.close();
    throw thrown;
  }
}

function measure(metrics: Metrics, { service }: Coordinator): void {
  const clocks = { clock: () => Date.now(), monotonic: () => performance.now() };
  recordMetrics(metrics.instruments(COORDINATOR_METRICS), { ...service, ...clocks });
  recordProcess(metrics.instruments(PROCESS_METRICS), () => readProcessMemory().cgroupLimitBytes);
}

/** The same service behind a door for browsers: same handlers, roles, bounds and audit. */
function servePage(
  { service }: Coordinator,
  { page = '', pageTraces = '' }: CoordinatorOptions,
  { tls, access }: ServerSecurity,
): Promise<RunningPage> {
  const { audit, sessions, work } = service;
  const calls = new InProcessCalls({
    definition: guardedService(CoordinatorServiceService, COORDINATOR_LIMITS),
    implementation: coordinatorService(service),
    identify: ({ authorization }) => sessions.identify(authorization, access),
    onRefused: auditRefusal(audit, COORDINATOR_AUDIT),
    interceptors: [auditGuard(audit, COORDINATOR_AUDIT)],
  });
  const parts = {
    ...{ files: readPageFiles(), sessions, access, calls, version: version() },
    ...{ stopping: work.stopping, traces: pageTraces },
  };
  return startPage(page, parts, tls);
}

function serve(
  coordinator: Coordinator,
  listen: string,
  { tls, access, measured }: ServerSecurity & { readonly measured: readonly ServerInterceptor[] },
): Promise<RunningServer> {
  const { audit } = coordinator.service;
  return startServer({
    listen,
    ...(tls ? { tls } : {}),
    ...(access ? { access } : {}),
    onRefused: auditRefusal(audit, COORDINATOR_AUDIT),
    interceptors: [...measured, auditGuard(audit, COORDINATOR_AUDIT)],
    register: (grpc) => {
      const users = guardedService(CoordinatorServiceService, COORDINATOR_LIMITS);
      grpc.addService(users, coordinatorService(coordinator.service));
      const trainers = guardedService(TrainerHubServiceService, HUB_LIMITS);
      grpc.addService(trainers, hubService(coordinator.hub));
    },
    limits: { messageBytes: MAX_MESSAGE_BYTES },
    healthNames: ['onescan.v1.CoordinatorService', 'onescan.v1.TrainerHubService'],
  });
}

/** On an address of its own: KEDA reaches nothing else. */
async function serveScaler(
  coordinator: Coordinator,
  listen: string | undefined,
  { tls, access }: ServerSecurity,
): Promise<RunningServer | undefined> {
  if (listen === undefined) return undefined;
  return startServer({
    listen,
    ...(tls ? { tls } : {}),
    ...(access ? { access } : {}),
    register: (grpc) => {
      const scaler = guardedService(ExternalScalerService, SCALER_LIMITS);
      grpc.addService(scaler, scalerService(coordinator.demand));
    },
    healthNames: ['externalscaler.ExternalScaler'],
  });
}

/** Kubernetes hears which trainers are at work, from now on. */
function deletionCosts({ service }: Coordinator, log: Logger, api = new PodApi()): PodDeletionCosts {
  const trainers = () =>
    service.registry
      .connected()
      .map(({ trainerId, current }) => ({ trainerId, isBusy: current !== undefined }));
  const costs = new PodDeletionCosts({ api, log, trainers });
  costs.start();
  return costs;
}
