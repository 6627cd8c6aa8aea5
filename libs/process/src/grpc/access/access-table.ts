import { ExternalScalerService } from '@onescan/contract/generated/externalscaler/externalscaler.js';
import { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';

/** What a caller may be; nobody is more than he was given. */
export const ROLES = ['viewer', 'runner', 'approver', 'trainer', 'coordinator', 'scaler'] as const;

export type Role = (typeof ROLES)[number];

/** Those of people and their programs: what the one token of a stack has. */
export const CLIENT_ROLES: readonly Role[] = ['viewer', 'runner', 'approver'];

/** Says whether a server is up, and nothing else: anybody may ask. */
export const PUBLIC_SERVICE = '/grpc.health.v1.Health/';

/** Roles of which a caller needs one, for each method. */
type MethodRoles<Service> = { readonly [Method in keyof Service]: readonly Role[] };

const LOOK: readonly Role[] = ['viewer', 'runner', 'approver'];

const COORDINATOR: MethodRoles<typeof CoordinatorServiceService> = {
  planRun: ['runner'],
  startRun: ['runner'],
  approveRun: ['approver'],
  getRun: LOOK,
  listRuns: LOOK,
  deleteRun: ['runner'],
  watchRun: LOOK,
  cancelRun: ['runner'],
  resumeRun: ['runner'],
  getLedger: LOOK,
  getResults: LOOK,
  getReport: LOOK,
  getTrace: LOOK,
  getExplanation: LOOK,
  getModels: LOOK,
  listTrainers: LOOK,
  openPage: LOOK,
  backUpState: ['runner'],
};

const HUB: MethodRoles<typeof TrainerHubServiceService> = {
  connect: ['trainer'],
  putTaskFile: ['trainer'],
};

const FETCHER: MethodRoles<typeof FetcherServiceService> = {
  estimatePair: ['coordinator'],
  estimateShared: ['coordinator'],
  fetchPair: ['coordinator'],
  cancelFetch: ['coordinator'],
  listDatasets: [...LOOK, 'coordinator'],
  verifyDataset: [...LOOK, 'coordinator'],
  deleteDataset: ['runner'],
  readDataset: ['trainer'],
  listQueryJobs: ['coordinator'],
};

const SCALER: MethodRoles<typeof ExternalScalerService> = {
  isActive: ['scaler'],
  streamIsActive: ['scaler'],
  getMetricSpec: ['scaler'],
  getMetrics: ['scaler'],
};

/**
 * The one table of who may call what: roles by a method's path, "/onescan.v1.CoordinatorService/StartRun". What is not
 * in it nobody may call, health apart.
 */
export const ACCESS: ReadonlyMap<string, readonly Role[]> = new Map([
  ...byPath(CoordinatorServiceService, COORDINATOR),
  ...byPath(TrainerHubServiceService, HUB),
  ...byPath(FetcherServiceService, FETCHER),
  ...byPath(ExternalScalerService, SCALER),
]);

function byPath<Service extends object>(
  service: Service,
  roles: MethodRoles<Service>,
): [string, readonly Role[]][] {
  return Object.entries(service).map(([name, { path }]) => [path, roles[name as keyof Service]]);
}
