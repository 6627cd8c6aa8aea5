import { OnescanError } from '@onescan/shared/onescan-error.js';

/** Files that are taken at the same time, each with its buffers and its partial file. */
const AT_ONCE = 8;
/** Uploads that wait for others to end; flow control holds their bytes back at the trainers. */
const WAITING = 256;

/** Lets a few uploads in at a time, first come, first served. */
export class UploadSlots {
  #free = AT_ONCE;
  readonly #waiting: (() => void)[] = [];

  /**
   * @returns gives the slot back
   * @throws OnescanError RESOURCE_EXHAUSTED when too many wait already
   */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= WAITING) {
      throw new OnescanError('RESOURCE_EXHAUSTED', `${WAITING} files wait to be taken already`);
    } else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
