import { LedgerStatus, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import type {
  ConnectRequest,
  FailureKind,
  PutTaskFileRequest,
  TaskAttempt,
  TrainerHubServiceService,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { kernelVersion } from '@onescan/learn/kernels/load-kernel.js';
import { PRODUCT_VERSION } from '@onescan/process/product-version.js';
import type { SeededChoice } from '../faults/seeded-choice.js';
import type { Examples } from './example-requests.js';
import type { KnownIds } from './known-ids.js';

/** Names that nobody else has: a trainer that calls itself as another takes its place. */
const trainerId = (choice: SeededChoice): string => `hostile-${choice.between(1, 200)}`;

const taskOf = ({ runId }: KnownIds): Omit<TaskAttempt, 'attempt'> => ({
  runId,
  pair: 'eurusd',
  horizon: 15,
});

const attempt = (known: KnownIds): TaskAttempt => ({ ...taskOf(known), attempt: 1 });

type HubMessage = (known: KnownIds, choice: SeededChoice) => NonNullable<ConnectRequest['message']>;

export const register: HubMessage = (known, choice) => ({
  $case: 'register',
  value: {
    ...{ trainerId: trainerId(choice), host: 'host', processId: 1, memoryLimitBytes: 1n << 31n },
    ...{
      version: PRODUCT_VERSION,
      kernelVersion: kernelVersion(),
      heldDatasetIds: [known.datasetId],
      instanceId: 'instance',
    },
    ...{ holding: [attempt(known)], threads: 1 },
  },
});

const HUB_MESSAGES: readonly HubMessage[] = [
  register,
  (known) => ({
    $case: 'heartbeat',
    value: {
      ...{ rssBytes: 1n, peakRssBytes: 1n, memoryLimitBytes: 1n, heldDatasetId: known.datasetId },
      ...{ workingOn: [attempt(known)], memoryLevel: 'ok' },
    },
  }),
  (known) => ({ $case: 'progress', value: { task: attempt(known), stage: 'select', fraction: 0.5 } }),
  (known) => ({ $case: 'result', value: taskResult(known) }),
  (known, choice) => ({
    $case: 'failure',
    value: {
      task: attempt(known),
      kind: choice.between(0, 9) as FailureKind,
      message: 'failed',
      traceparent: '',
    },
  }),
  () => ({ $case: 'leave', value: {} }),
];

function taskResult(known: KnownIds): Extract<ConnectRequest['message'], { $case: 'result' }>['value'] {
  const file = { sha256: 'ab'.repeat(32), bytes: 5n };
  const { pair, horizon } = taskOf(known);
  return {
    task: attempt(known),
    specHash: 'ab'.repeat(32),
    result: {
      document: Buffer.from('{}'),
      documentSha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      ledger: [
        {
          ...{
            ...taskOf(known),
            featureId: 'a.b',
            group: 'pair',
            status: LedgerStatus.LEDGER_STATUS_RETAINED,
          },
          ...{
            stage: 'model',
            reason: 'because',
            selectionFrequency: 1,
            importance: 1,
            shapMeanAbs: 1,
            rank: 1,
          },
          rowsExplained: 10,
        },
      ],
      summary: {
        ...{ pair, horizon, verdict: 'SKILL', verdictText: 'skill', auc: 0.9, accuracy: 0.9 },
        ...{ bestBaseline: 'majority', bestBaselineAccuracy: 0.5, skill: 1, skillLow: 0.5, skillHigh: 1.5 },
        ...{ featuresTested: 1, featuresRetained: 1, expectedFalseSelections: 0, suspectedLeaks: ['a.b'] },
        suspicions: [{ featureId: 'a.b', reason: 'because', retained: true }],
      },
      explanation: file,
      models: file,
    },
    stats: {
      ...{ trainerId: 'trainer-1', peakRssBytes: 1n, memoryLimitBytes: 1n, datasetWasLoaded: true },
      stageSeconds: { 'label-load': 1 },
    },
    traceparent: '',
  };
}

const TASK_FILE_CHUNK = Buffer.from('PAR1 forged');

export const HUB_EXAMPLES: Examples<TrainerHubServiceService> = {
  connect: (known, choice): ConnectRequest => ({ message: choice.of(HUB_MESSAGES)(known, choice) }),
  putTaskFile: (known, choice): PutTaskFileRequest =>
    choice.next() < 0.5 ? taskFileHeader(known) : { message: { $case: 'chunk', value: TASK_FILE_CHUNK } },
};

/** The first message of an upload. */
export function taskFileHeader(known: KnownIds): PutTaskFileRequest {
  const file = { sha256: 'ab'.repeat(32), bytes: 1_000n };
  const kind = TaskFileKind.TASK_FILE_KIND_EXPLANATION;
  return {
    message: { $case: 'header', value: { task: attempt(known), file, leaseToken: 'ab'.repeat(32), kind } },
  };
}
