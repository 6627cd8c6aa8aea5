import { PairState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { Store } from '../store/store.js';

/** Something of a run that took time. */
export interface Stretch {
  /** "fetch" or the trainer that had it. */
  readonly where: string;
  /** E.g. "eurusd" or "eurusd h15". */
  readonly what: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly ended: 'done' | 'failed';
}

const PAGE = 1_000;
/** Beyond this a picture shows nothing more. */
const MOST = 5_000;

/** What the events of a run tell of who did what when, in order of its begin; what events no longer tell is left out. */
export async function readTimeline(store: Store, runId: string): Promise<Stretch[]> {
  const open = new Map<string, { where: string; what: string; fromMs: number }>();
  const stretches: Stretch[] = [];
  const close = (key: string, toMs: number, ended: Stretch['ended']): void => {
    const begun = open.get(key);
    if (!begun) return;
    open.delete(key);
    stretches.push({ ...begun, toMs, ended });
  };
  for (let after = 0n; stretches.length < MOST; ) {
    const events = await store.readEvents(runId, after, PAGE);
    for (const { event, time } of events) {
      const ms = Number(time?.seconds ?? 0n) * 1000 + (time?.nanos ?? 0) / 1e6;
      if (event?.$case === 'pair') {
        const { pair, state } = event.value;
        const key = `fetch ${pair}`;
        if (state === PairState.PAIR_STATE_FETCHING) {
          open.set(key, open.get(key) ?? { where: 'fetch', what: pair, fromMs: ms });
        } else close(key, ms, state === PairState.PAIR_STATE_FETCHED ? 'done' : 'failed');
      } else if (event?.$case === 'task') {
        const { pair, horizon, state, trainerId } = event.value;
        const key = `${pair} ${horizon}`;
        if (state === TaskState.TASK_STATE_LEASED) {
          const before = open.get(key);
          if (before && before.where !== trainerId) close(key, ms, 'failed');
          open.set(key, open.get(key) ?? { where: trainerId, what: `${pair} h${horizon}`, fromMs: ms });
        } else close(key, ms, state === TaskState.TASK_STATE_DONE ? 'done' : 'failed');
      }
    }
    if (events.length < PAGE) break;
    after = events.at(-1)!.sequence;
  }
  return stretches.sort((a, b) => a.fromMs - b.fromMs || (a.what < b.what ? -1 : 1));
}
