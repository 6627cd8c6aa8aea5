import { listBackups, type StateBackup } from './state-backup.js';
import type { Store } from './store.js';

const HOUR_MS = 3_600_000;

/** How often it is looked whether a backup is due, in milliseconds. */
export const BACKUP_CHECK_MS = 60_000;

/** Backs the state up when the last backup is old enough and something was written since. */
export class BackupSchedule {
  readonly #store: Store;
  readonly #options: { stateDir: string; backupHours: number; keepBackups: number };
  readonly #clock: () => number;
  #backedUpVersion: number | undefined;
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
    if (backupHours === 0 || this.#store.version === this.#backedUpVersion) return undefined;
    const last = listBackups(stateDir)[0];
    const age = last ? this.#clock() - Date.parse(last.time) : Number.POSITIVE_INFINITY;
    // A backup from the future: the clock was set back.
    if (age >= 0 && age < backupHours * HOUR_MS) return undefined;
    return this.run();
  }

  /**
   * Backs up what is stored now. One backup is made at a time; whoever asks meanwhile gets the one after it, which is
   * made once for all of them.
   */
  run(): Promise<StateBackup> {
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
    this.#backedUpVersion = version;
    return backup;
  }
}
