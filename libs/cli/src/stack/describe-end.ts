import { join } from 'node:path';
import type { RestartLimits } from './restart-policy.js';
import type { StackEnd } from './stack.js';

/** What a person is told of the end of a service: how, what follows, where to look. */
export function describeEnd(
  { name, how, restartInMs, restarts, trainersLeft, isOver }: StackEnd,
  { limits, logs }: { limits: RestartLimits; logs: string },
): string[] {
  const ended = `${name} ended with ${how}${KILLED[how] ?? ''}`;
  const log = `its log: ${join(logs, `${name}.log`)}`;
  const within = `${limits.most} in ${limits.withinMs / 60_000} min`;
  if (restartInMs !== undefined) {
    return [`${ended}; started again in ${restartInMs / 1_000} s (restart ${restarts} of ${within}); ${log}`];
  }
  const why =
    restarts >= limits.most && limits.most > 0
      ? `, restarted ${limits.most} times within ${limits.withinMs / 60_000} min`
      : ', not restarted';
  const lines = [`${ended}${why}: GIVEN UP; ${log}`];
  if (!isOver) lines.push(`Going on with ${trainersLeft} trainer(s); onescan down and up start all anew.`);
  return lines;
}

const KILLED: Readonly<Record<string, string>> = {
  'signal SIGKILL': ' (killed: by the kernel when memory ran out, or by a person)',
};
