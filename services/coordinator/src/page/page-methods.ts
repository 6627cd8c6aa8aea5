import {
  ApproveRunRequest,
  type ApproveRunResponse,
  CancelRunRequest,
  type CancelRunResponse,
  type CoordinatorServiceService,
  GetRunRequest,
  type GetRunResponse,
  GetTraceRequest,
  type GetTraceResponse,
  ListRunsRequest,
  ListRunsResponse,
  ListTrainersRequest,
  ListTrainersResponse,
  type Run,
  RunEvent,
  WatchRunRequest,
  type WatchRunResponse,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type Json, messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { runJson } from './run-json.js';
import { traceJson } from './trace-json.js';

/** How a method of the coordinator is called in JSON. */
export interface PageMethod {
  /** @throws Error when a field cannot be read */
  request(json: Record<string, unknown>): object;
  /** @param messages one, unless the method sends its answer in parts */
  answer(messages: readonly object[]): Json;
}

function method<Request extends object, Response extends object>(
  request: { fromJSON(json: unknown): Request },
  answer: (message: Response) => Json,
): PageMethod {
  return {
    request: (json) => read(request, json),
    answer: ([message = {}]) => answer(message as Response),
  };
}

/** Of a message that holds one run. */
const ofRun = ({ run }: { run?: Run | undefined }): Json => ({ run: run ? runJson(run) : null });

/** What the page may ask: methods of the coordinator, each with its roles, bounds and audit. Nothing else has a door. */
export const PAGE_METHODS: Readonly<Partial<Record<keyof CoordinatorServiceService, PageMethod>>> = {
  listRuns: method(ListRunsRequest, (page: ListRunsResponse) => messageJson(ListRunsResponse, page)),
  getRun: method(GetRunRequest, (found: GetRunResponse) => ofRun(found)),
  approveRun: method(ApproveRunRequest, (approved: ApproveRunResponse) => ofRun(approved)),
  cancelRun: method(CancelRunRequest, (cancelled: CancelRunResponse) => ofRun(cancelled)),
  // At most what is kept of a run's spans, 16 MiB.
  getTrace: {
    request: (json) => read(GetTraceRequest, json),
    answer: (messages) => traceJson(messages.map((message) => (message as GetTraceResponse).chunk)),
  },
  listTrainers: method(ListTrainersRequest, (list: ListTrainersResponse) =>
    messageJson(ListTrainersResponse, list),
  ),
};

/** The one that answers with events as they happen. */
export const WATCH = {
  request: (json: Record<string, unknown>): WatchRunRequest => read(WatchRunRequest, json),
  /** An event; a plan is left out of it, the page asks for the run then. */
  answer: ({ event }: WatchRunResponse): { sequence: bigint; json: Json } => {
    const told = event!.event?.$case === 'plan' ? { ...event!, event: undefined } : event!;
    return { sequence: event!.sequence, json: messageJson(RunEvent, told) };
  },
};

function read<Request>(type: { fromJSON(json: unknown): Request }, json: Record<string, unknown>): Request {
  try {
    return type.fromJSON(json);
  } catch (cause) {
    throw new OnescanError('INVALID_ARGUMENT', `the request cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
