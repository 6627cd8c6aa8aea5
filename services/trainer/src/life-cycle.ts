import { OnescanError } from '@onescan/contract/onescan-error.js';

/**
 * The states of a trainer process.
 *
 * - `INITIALIZED`: made, nothing started.
 * - `CONNECTING`: no stream to the coordinator and nothing to compute; dialling, or waiting to dial again.
 * - `IDLE`: registered, takes tasks.
 * - `WORKING`: a task is computed, whether the stream is open or being re-opened.
 * - `DRAINING`: takes nothing new; finishes or hands back what it has, waits for acknowledgements.
 * - `STOPPED`: ended well. Final.
 * - `FAILED`: ended because it can never work, e.g. the coordinator refuses it. Final.
 */
export const TRAINER_STATES = [
  'INITIALIZED',
  'CONNECTING',
  'IDLE',
  'WORKING',
  'DRAINING',
  'STOPPED',
  'FAILED',
] as const;

export type TrainerState = (typeof TRAINER_STATES)[number];

const NEXT: Readonly<Record<TrainerState, readonly TrainerState[]>> = {
  INITIALIZED: ['CONNECTING', 'STOPPED'],
  CONNECTING: ['IDLE', 'DRAINING', 'FAILED'],
  IDLE: ['CONNECTING', 'WORKING', 'DRAINING', 'FAILED'],
  WORKING: ['CONNECTING', 'IDLE', 'DRAINING', 'FAILED'],
  DRAINING: ['STOPPED', 'FAILED'],
  STOPPED: [],
  FAILED: [],
};

/** Holds the state and allows only the transitions of the table above. */
export class LifeCycle {
  #state: TrainerState = 'INITIALIZED';
  readonly #onChange: (state: TrainerState, before: TrainerState) => void;

  constructor(onChange: (state: TrainerState, before: TrainerState) => void = () => undefined) {
    this.#onChange = onChange;
  }

  get state(): TrainerState {
    return this.#state;
  }

  /** True once tasks are no longer taken. */
  get isEnding(): boolean {
    return this.#state === 'DRAINING' || this.isOver;
  }

  get isOver(): boolean {
    return this.#state === 'STOPPED' || this.#state === 'FAILED';
  }

  /**
   * Moves on; moving to the present state does nothing.
   *
   * @throws OnescanError INTERNAL when the table has no such transition
   */
  to(state: TrainerState): void {
    const before = this.#state;
    if (before === state) return;
    if (!NEXT[before].includes(state)) {
      throw new OnescanError('INTERNAL', `a trainer cannot go from ${before} to ${state}`);
    }
    this.#state = state;
    this.#onChange(state, before);
  }
}
