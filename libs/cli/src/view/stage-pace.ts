import type { FetchProgress } from '@onescan/contract/generated/onescan/v1/fetcher.js';

/** A fetch's newest progress, and where its stage was when first seen. */
export interface StagePace {
  readonly newest: FetchProgress;
  readonly newestSeconds: number;
  readonly firstDone: bigint;
  readonly firstSeconds: number;
}

/** Seconds of a stage that must have been seen before its pace says anything. */
const MIN_SEEN_SECONDS = 2;

/** Takes the newest progress in; another stage starts a pace of its own. `seconds` is the event's time. */
export function nextPace(before: StagePace | undefined, newest: FetchProgress, seconds: number): StagePace {
  const isSameStage = before?.newest.stage === newest.stage && newest.done >= before.newest.done;
  const start = isSameStage
    ? { firstDone: before.firstDone, firstSeconds: before.firstSeconds }
    : { firstDone: newest.done, firstSeconds: seconds };
  return { newest, newestSeconds: seconds, ...start };
}

/** Seconds left of the stage at the pace seen so far; undefined until there is one. */
export function stageSecondsLeft({
  newest,
  newestSeconds,
  firstDone,
  firstSeconds,
}: StagePace): number | undefined {
  const seen = newestSeconds - firstSeconds;
  const advanced = Number(newest.done - firstDone);
  if (seen < MIN_SEEN_SECONDS || advanced <= 0 || newest.total === 0n) return undefined;
  return (Number(newest.total - newest.done) * seen) / advanced;
}
