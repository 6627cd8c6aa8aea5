import type { MethodDefinition } from '@grpc/grpc-js';
import { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { service as health } from 'grpc-health-check';
import type { SeededChoice } from '../faults/seeded-choice.js';
import { HUB_EXAMPLES, register, taskFileHeader } from './example-hub-messages.js';
import { COORDINATOR_EXAMPLES, type Examples, FETCHER_EXAMPLES } from './example-requests.js';
import { encoded, hostilePayload } from './hostile-payload.js';
import type { KnownIds } from './known-ids.js';

export type ServerName = 'coordinator' | 'fetcher';

type Method = MethodDefinition<object, object>;

/** One method of one server, and how messages to it are made. */
export interface Rpc {
  readonly name: string;
  readonly server: ServerName;
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** @param isFirst of its call */
  message(known: KnownIds, choice: SeededChoice, isFirst: boolean): Buffer;
}

/** Methods that end or remove something: they are told only of runs that may be lost. */
const DESTROYS: ReadonlySet<string> = new Set([
  ...['approveRun', 'cancelRun', 'deleteRun', 'resumeRun', 'cancelFetch', 'deleteDataset'],
]);

/** What comes behind a first message that is none is not even looked at. */
const GOOD_BEGIN = 0.85;

/** Every method that the services answer. */
export const RPCS: readonly Rpc[] = [
  ...rpcsOf('coordinator', CoordinatorServiceService, COORDINATOR_EXAMPLES),
  ...rpcsOf('coordinator', TrainerHubServiceService, HUB_EXAMPLES),
  ...rpcsOf('fetcher', FetcherServiceService, FETCHER_EXAMPLES),
  ...healthRpcs('coordinator'),
  ...healthRpcs('fetcher'),
];

type Example = (known: KnownIds, choice: SeededChoice) => object;

function rpcsOf<Service extends object>(
  server: ServerName,
  service: Service,
  examples: Examples<Service>,
): Rpc[] {
  return Object.entries(service).map(([key, method]) =>
    rpcOf({ server, key, method, prefix: '', example: examples[key as keyof Service] as Example }),
  );
}

function healthRpcs(server: ServerName): Rpc[] {
  const example = (): object => ({ service: 'onescan.v1.FetcherService' });
  return Object.entries(health).map(([key, method]) =>
    rpcOf({ server, key, method: method as Method, prefix: `Health of ${server}: `, example }),
  );
}

interface Described {
  readonly server: ServerName;
  readonly key: string;
  readonly method: Method;
  /** Of its name. */
  readonly prefix: string;
  readonly example: Example;
}

function rpcOf({ server, key, method, prefix, example }: Described): Rpc {
  const { path, requestStream, responseStream } = method;
  return {
    ...{ server, path, requestStream, responseStream, name: prefix + path.split('/').at(-1) },
    message: (known, choice, isFirst) => {
      if (isFirst && requestStream && choice.next() < GOOD_BEGIN) return begin(method, known, choice);
      const lasting = [known.runId, known.datasetId, known.planHash];
      const ids = DESTROYS.has(key) ? known.started.slice(-20) : [...lasting, ...known.started.slice(-3)];
      return hostilePayload(method, example(known, choice), choice, ids);
    },
  };
}

function begin(method: Method, known: KnownIds, choice: SeededChoice): Buffer {
  const isConnect = method.path === TrainerHubServiceService.connect.path;
  return encoded(method, isConnect ? { message: register(known, choice) } : taskFileHeader(known));
}
