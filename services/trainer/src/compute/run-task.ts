import type { LearnHooks } from '@onescan/learn/pair-learner.js';
import { classifyFailure } from './classify-failure.js';
import type { ComputeEvent, ComputeRequest, StageFacts } from './compute-protocol.js';
import { handOverExplanation } from './hand-over-explanation.js';
import { horizonResult } from './horizon-result.js';
import type { PairMemory } from './pair-memory.js';
import { StageClock } from './stage-clock.js';

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
    const explanation =
      outcome.explainedRows &&
      (await handOverExplanation(request, held.pair, outcome.explainedRows, control));
    const result = horizonResult(request, held.pair, outcome, explanation ?? undefined);
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

function learnHooks(clock: StageClock, control: TaskControl): LearnHooks {
  return {
    onStage: (stage, event, facts: StageFacts = {}) => clock[event](stage, facts),
    onProgress: (stage, fraction) => clock.progress(stage, fraction),
    isCancelled: control.isCancelled,
  };
}
