import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TaskFile, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import type { HorizonOutcome, LearnHooks } from '@onescan/learn';
import { classifyFailure } from './classify-failure.js';
import type { ComputeEvent, ComputeRequest, StageFacts } from './compute-protocol.js';
import { horizonResult, type TaskFiles } from './horizon-result.js';
import type { LoadedPair } from './loaded-pair.js';
import type { PairMemory } from './pair-memory.js';
import { type HandedOver, sendTaskFile } from './send-task-file.js';
import { StageClock } from './stage-clock.js';
import { writeExplanation } from './write-explanation.js';
import { writeModels } from './write-models.js';

export interface TaskControl {
  isCancelled(): boolean;
  tell(event: ComputeEvent): void;
}

/** Computes one task and tells how it ended; never throws. */
export async function runTask(
  request: ComputeRequest,
  memory: PairMemory,
  control: TaskControl,
): Promise<void> {
  const clock = new StageClock(control.tell);
  try {
    const held = await memory.hold(request, {
      isCancelled: control.isCancelled,
      onLoad: (event, facts) => clock[event]('load', facts),
      onProgress: (fraction) => clock.progress('load', fraction),
    });
    const target = held.pair.targets.get(request.horizon)!;
    const outcome = held.learner.learnHorizon({ ...target, seed: request.seed }, learnHooks(clock, control));
    const files = await handOverFiles(request, held.pair, outcome, control);
    const result = horizonResult(request, held.pair, outcome, files);
    const { serial } = request;
    control.tell({
      kind: 'done',
      serial,
      result,
      stageSeconds: clock.seconds,
      datasetWasLoaded: held.wasLoaded,
    });
  } catch (thrown) {
    control.tell({ kind: 'failed', serial: request.serial, ...classifyFailure(thrown) });
  }
}

/** Before the result, so that there is none without its files. */
async function handOverFiles(
  request: ComputeRequest,
  pair: LoadedPair,
  { explainedRows, models }: HorizonOutcome,
  control: TaskControl,
): Promise<TaskFiles> {
  const files: TaskFiles = { explanation: undefined, models: undefined };
  if (explainedRows) {
    const write = (path: string) => writeExplanation(path, request, pair, explainedRows);
    const kind = TaskFileKind.TASK_FILE_KIND_EXPLANATION;
    files.explanation = await handOverFile(request, { kind, write }, control);
  }
  if (models) {
    const write = (path: string) => writeModels(path, request, pair, models);
    const kind = TaskFileKind.TASK_FILE_KIND_MODELS;
    files.models = await handOverFile(request, { kind, write }, control);
  }
  return files;
}

function learnHooks(clock: StageClock, control: TaskControl): LearnHooks {
  return {
    onStage: (stage, event, facts: StageFacts = {}) => clock[event](stage, facts),
    onProgress: (stage, fraction) => clock.progress(stage, fraction),
    isCancelled: control.isCancelled,
  };
}

interface FileToHandOver {
  readonly kind: HandedOver;
  /** Writes the content to a file that is not there yet. */
  write(path: string): Promise<void>;
}

/**
 * Writes a file of a task and hands it over to the coordinator, which has stored it when this returns. Before the
 * result of the task is told, so that no result is without its files.
 *
 * @returns what the result says of the file
 * @throws OnescanError of the coordinator when it refuses the file or stays away; CANCELLED
 */
async function handOverFile(
  request: ComputeRequest,
  { kind, write }: FileToHandOver,
  { isCancelled }: { isCancelled(): boolean },
): Promise<TaskFile> {
  const { downloadFolder, serial } = request;
  await mkdir(downloadFolder, { recursive: true, mode: 0o700 });
  const path = join(downloadFolder, `file-${kind}-${serial}`);
  try {
    await write(path);
    const file = { sha256: await sha256OfFile(path), bytes: BigInt((await stat(path)).size) };
    await sendTaskFile({ request, path, kind, file, isCancelled });
    return file;
  } finally {
    await rm(path, { force: true });
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
