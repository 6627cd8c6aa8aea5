import { TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import type { HorizonOutcome, LearnHooks } from '@onescan/learn';
import { classifyFailure } from './classify-failure.js';
import type { ComputeEvent, ComputeRequest, StageFacts } from './compute-protocol.js';
import { handOverFile } from './hand-over-file.js';
import { horizonResult, type TaskFiles } from './horizon-result.js';
import type { LoadedPair } from './loaded-pair.js';
import type { PairMemory } from './pair-memory.js';
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
