import { formatBytes } from '@onescan/contract/format/bytes.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type ProcessMemory, readProcessMemory } from '@onescan/process/process-memory.js';

/** Time between two looks at the memory, in milliseconds. */
const SAMPLE_INTERVAL_MS = 100;

/** Share of a container's limit at which fetches are given up: at the limit the system kills the process. */
const CONTAINER_SHARE = 0.95;

export interface MemoryWatchOptions {
  limitBytes: number;
  /** Called at every look that finds the limit exceeded. */
  onExceeded(error: OnescanError): void;
  /** Default: that of this process. */
  readMemory?: () => ProcessMemory;
}

/** Looks at the memory of the whole process several times a second. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #read: () => ProcessMemory;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#read = options.readMemory ?? readProcessMemory;
    this.#timer = setInterval(() => this.check(), SAMPLE_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Highest resident set seen, in bytes. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks once. */
  check(): void {
    const memory = this.#read();
    this.#peakBytes = Math.max(this.#peakBytes, memory.rssBytes);
    const error = this.#judge(memory);
    if (error) this.#options.onExceeded(error);
  }

  #judge({ rssBytes, cgroupBytes, cgroupLimitBytes }: ProcessMemory): OnescanError | undefined {
    const { limitBytes } = this.#options;
    if (rssBytes > limitBytes) {
      return exceeded(`the fetcher takes ${formatBytes(rssBytes)}, its limit is ${formatBytes(limitBytes)}`);
    }
    if (cgroupBytes === undefined || cgroupLimitBytes === undefined) return undefined;
    if (cgroupBytes <= CONTAINER_SHARE * cgroupLimitBytes) return undefined;
    const figures = `${formatBytes(cgroupBytes)} of ${formatBytes(cgroupLimitBytes)}`;
    return exceeded(`the container of the fetcher takes ${figures}`);
  }
}

function exceeded(message: string): OnescanError {
  return new OnescanError('RESOURCE_EXHAUSTED', message, {
    remedy: 'Raise --process-memory, lower --memory-limit or --max-fetches, or sample fewer rows',
  });
}
