import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TaskAttempt } from '@onescan/contract/generated/onescan/v1/trainer.js';

/** Whether two messages speak of the same attempt at a task. */
export function sameAttempt(a: TaskAttempt, b: TaskAttempt): boolean {
  return attemptKey(a) === attemptKey(b);
}

/** "run/pair/h15#2", for logs and as a key. */
export function attemptKey(task: TaskAttempt): string {
  return `${task.runId}/${task.pair}/h${task.horizon}#${task.attempt}`;
}

/** Proofs that a caller was given an attempt: only the trainer it was assigned to has seen its token. */
export class LeaseTokens {
  readonly #secret: Uint8Array;

  /** @param secret the same after a restart, so that a trainer that goes on keeps its tokens */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** @param instance of the trainer's process */
  tokenOf(attempt: TaskAttempt, instance: string): string {
    const text = JSON.stringify([attemptKey(attempt), instance]);
    return createHmac('sha256', this.#secret).update(text).digest('hex');
  }

  isTokenOf(token: string, attempt: TaskAttempt, instance: string): boolean {
    const expected = Buffer.from(this.tokenOf(attempt, instance));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
