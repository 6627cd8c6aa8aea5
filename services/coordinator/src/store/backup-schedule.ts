import { existsSync } from 'node:fs';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { listBackups, type StateBackup } from './state-backup.js';
import type { Store } from './store.js';

const HOUR_MS = 3_600_000;

/** How often it is looked whether a backup is due, in milliseconds. */
export const BACKUP_CHECK_MS = 60_000;

/** Backups that callers may have at once; each pushes the oldest one out and reads and writes the whole state. */
const ASKED_AT_ONCE = 10;
/** Time until they may have one more, in milliseconds. */
const ONE_MORE_MS = 60_000;

/** Backs the state up when the last backup is old enough and something was written since. */
export class BackupSchedule {
  readonly #store: Store;
  readonly #options: { stateDir: string; backupHours: number; keepBackups: number };
  readonly #clock: () => number;
  /** The last one, and the version of the state that it holds. */
  #last: { readonly backup: StateBackup; readonly version: number } | undefined;
  #left = ASKED_AT_ONCE;
  #countedMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<unknown> = Promise.resolve();
  #waiting: Promise<StateBackup> | undefined;

  constructor(
    store: Store,
    options: { stateDir: string; backupHours: number; keepBackups: number },
    clock: () => number,
  ) {
    this.#store = store;
    this.#options = options;
    this.#clock = clock;
  }

  /** The backup that was due and is made; undefined when none was. */
  async runIfDue(): Promise<StateBackup | undefined> {
    const { stateDir, backupHours } = this.#options;
    if (backupHours === 0 || this.#store.version === this.#last?.version) return undefined;
    const last = listBackups(stateDir)[0];
    const age = last ? this.#clock() - Date.parse(last.time) : Number.POSITIVE_INFINITY;
    // A backup from the future: the clock was set back.
    if (age >= 0 && age < backupHours * HOUR_MS) return undefined;
    return this.#next();
  }

  /**
   * Backs up what is stored now, for a caller. One backup is made at a time; whoever asks meanwhile gets the one after
   * it, which is made once for all of them. Where nothing was stored since the last one, that is the answer.
   *
   * @throws OnescanError RESOURCE_EXHAUSTED when callers have had {@link ASKED_AT_ONCE}, until a minute has passed
   */
  async run(): Promise<StateBackup> {
    if (this.#waiting) return this.#waiting;
    if (this.#last?.version === this.#store.version && existsSync(this.#last.backup.path)) {
      return this.#last.backup;
    }
    this.#count();
    return this.#next();
  }

  #count(): void {
    const now = this.#clock();
    // A clock that was set back counts as one that stood still.
    const more = Math.floor(Math.max(0, now - this.#countedMs) / ONE_MORE_MS);
    if (more > 0 || now < this.#countedMs) this.#countedMs = now;
    this.#left = Math.min(ASKED_AT_ONCE, this.#left + more);
    if (this.#left > 0) this.#left--;
    else {
      throw new OnescanError('RESOURCE_EXHAUSTED', `${ASKED_AT_ONCE} backups were asked for already`, {
        remedy: `One more may be asked for every ${ONE_MORE_MS / 1_000} s`,
      });
    }
  }

  #next(): Promise<StateBackup> {
    this.#waiting ??= this.#whenFree();
    return this.#waiting;
  }

  #whenFree(): Promise<StateBackup> {
    const backup = this.#underWay.then(() => {
      this.#waiting = undefined;
      return this.#make();
    });
    this.#underWay = backup.catch(() => undefined);
    return backup;
  }

  async #make(): Promise<StateBackup> {
    const { version } = this.#store;
    const backup = await this.#store.backUp(this.#clock(), this.#options.keepBackups);
    this.#last = { backup, version };
    return backup;
  }
}
