import type { Logger } from '@onescan/process/log.js';
import type { PatchOperation, PodApi } from './pod-api.js';

/** Read by Kubernetes' ReplicaSets: pods of a lower cost are deleted first. Those that have none count as 0. */
const ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
/** Pods without this label are left alone, whatever a trainer says that its name is. */
const LABEL = { name: 'app.kubernetes.io/name', value: 'onescan-trainer' };
const COSTS = { busy: '1000', idle: '0' };

/** How often trainers are looked at, in milliseconds. */
const LOOK_MS = 1_000;
/** A trainer counts as idle after so many looks without a task: between two tasks it is not worth a change. */
const IDLE_LOOKS = 5;
/** Pods changed a look, so the rate of calls is bounded. Those that became busy come first. */
const MOST_A_LOOK = 5;
/** Looks without a call after the API could not be asked or refused the account. */
const REST_LOOKS = 30;

/** Names of pods, which are names of DNS. */
const POD_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

interface Known {
  busy: boolean;
  idleLooks: number;
  told: 'busy' | 'idle' | undefined;
}

export interface PodDeletionCostParts {
  readonly api: PodApi;
  readonly log: Logger;
  /** Connected trainers, and whether each has a task. */
  readonly trainers: () => readonly { readonly trainerId: string; readonly isBusy: boolean }[];
}

/**
 * Tells Kubernetes which pods of trainers are at work, so that a Deployment that becomes smaller takes the idle ones first. It is a hint:
 * what fails is logged once, and never disturbs a run.
 */
export class PodDeletionCosts {
  readonly #parts: PodDeletionCostParts;
  readonly #known = new Map<string, Known>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #rest = 0;
  #isFailing = false;
  #hasMisfit = false;

  constructor(parts: PodDeletionCostParts) {
    this.#parts = parts;
  }

  start(lookMs = LOOK_MS): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    }, lookMs);
  }

  /** Ends when the calls under way have ended. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    this.#parts.api.close();
  }

  async #look(): Promise<void> {
    this.#takeNote();
    if (this.#rest > 0) {
      this.#rest--;
      return;
    }
    const changed = [...this.#known]
      .map(([pod, known]) => ({ pod, known, cost: costOf(known) }))
      .filter(({ known, cost }) => cost !== undefined && cost !== known.told)
      .sort((a, b) => Number(b.known.busy) - Number(a.known.busy));
    for (const { pod, known, cost } of changed.slice(0, MOST_A_LOOK)) {
      if (!(await this.#tell(pod, known, cost!))) return;
    }
  }

  /** What trainers do now; those that are gone are forgotten. */
  #takeNote(): void {
    const seen = new Set<string>();
    for (const { trainerId, isBusy } of this.#parts.trainers()) {
      const pod = trainerId.slice(trainerId.lastIndexOf(':') + 1);
      if (!POD_NAME.test(pod)) continue;
      seen.add(pod);
      const known = this.#known.get(pod) ?? { busy: false, idleLooks: 0, told: undefined };
      known.busy = isBusy;
      known.idleLooks = isBusy ? 0 : known.idleLooks + 1;
      this.#known.set(pod, known);
    }
    for (const pod of this.#known.keys()) if (!seen.has(pod)) this.#known.delete(pod);
  }

  /** False when no other pod need be tried now. */
  async #tell(pod: string, known: Known, cost: 'busy' | 'idle'): Promise<boolean> {
    const { api, log } = this.#parts;
    try {
      await api.patch(pod, operations(COSTS[cost]));
      known.told = cost;
      if (this.#isFailing) log.info('pods of trainers are told their cost of deletion again');
      this.#isFailing = false;
      return true;
    } catch (thrown) {
      // Of this pod alone, which is none of ours or gone: not tried again until it changes.
      const isOfPod = (thrown as { code?: string }).code === 'FAILED_PRECONDITION';
      const isKnown = isOfPod ? this.#hasMisfit : this.#isFailing;
      if (!isKnown) log.warn({ pod, err: thrown }, 'a pod could not be told its cost of deletion; said once');
      if (isOfPod) {
        this.#hasMisfit = true;
        known.told = cost;
        return true;
      }
      this.#isFailing = true;
      this.#rest = REST_LOOKS;
      return false;
    }
  }
}

/** Undefined: nothing to tell yet. */
function costOf({ busy, idleLooks, told }: Known): 'busy' | 'idle' | undefined {
  if (busy) return 'busy';
  // A pod that was never told counts as idle already, unless a coordinator before this one told it otherwise.
  return idleLooks >= IDLE_LOOKS ? 'idle' : told;
}

/** All or nothing: a pod that is no trainer's stays as it is. */
function operations(value: string): PatchOperation[] {
  return [
    { op: 'test', path: `/metadata/labels/${escaped(LABEL.name)}`, value: LABEL.value },
    { op: 'add', path: `/metadata/annotations/${escaped(ANNOTATION)}`, value },
  ];
}

/** A key as a part of a JSON pointer (RFC 6901). */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
