import { formatBytes } from '@onescan/contract/format/bytes.js';
import { type ProcessMemory, readProcessMemory } from '@onescan/process/process-memory.js';

/** Time between two looks at the memory, in milliseconds: a page-faulting thread gains about 1 GB/s. */
export const SAMPLE_INTERVAL_MS = 100;

export interface MemorySample {
  rssBytes: number;
  /** Highest sample since {@link MemoryGuard.startPeak}. */
  peakBytes: number;
  limitBytes: number;
  /** Working set and limit of the container, where there is one with a limit. */
  container?: { usedBytes: number; limitBytes: number };
  /** The worse of the process's and the container's. */
  level: MemoryLevel;
}

export interface MemoryGuardOptions {
  limitBytes: number;
  /** Called with every sample that is not `ok`, and with the first `ok` after those. */
  onPressure(sample: MemorySample): void;
  /** Default: that of this process. */
  readMemory?: () => ProcessMemory;
}

/** Looks at the process's memory several times a second, on the main thread, and says how full it is. */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  readonly #read: () => ProcessMemory;
  #limitBytes: number;
  #peakBytes = 0;
  #level: MemoryLevel = 'ok';
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryGuardOptions) {
    this.#options = options;
    this.#read = options.readMemory ?? readProcessMemory;
    this.#limitBytes = options.limitBytes;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.check(), SAMPLE_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The limit in force: the trainer's own, or a task's lower one. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  /** Puts a task's limit in force; never above the trainer's own. 0 lifts it. */
  limitTo(bytes: number): void {
    this.#limitBytes = bytes > 0 ? Math.min(bytes, this.#options.limitBytes) : this.#options.limitBytes;
  }

  /** Starts a new peak, e.g. of a task. */
  startPeak(): void {
    this.#peakBytes = 0;
    this.sample();
  }

  /** Looks once, without calling anybody. */
  sample(): MemorySample {
    const { rssBytes, cgroupBytes, cgroupLimitBytes } = this.#read();
    this.#peakBytes = Math.max(this.#peakBytes, rssBytes);
    const level = memoryLevel(rssBytes, this.#limitBytes);
    const own = { rssBytes, peakBytes: this.#peakBytes, limitBytes: this.#limitBytes, level };
    if (cgroupBytes === undefined || cgroupLimitBytes === undefined) return own;
    const container = { usedBytes: cgroupBytes, limitBytes: cgroupLimitBytes };
    const shared = memoryLevel(cgroupBytes, CONTAINER_SHARE * cgroupLimitBytes);
    return { ...own, container, level: worseLevel(level, shared) };
  }

  /** Looks once and reports pressure. */
  check(): void {
    const sample = this.sample();
    const before = this.#level;
    this.#level = sample.level;
    if (sample.level !== 'ok' || before !== 'ok') this.#options.onPressure(sample);
  }
}

/** A sample as words: "1.20 GiB of 8.00 GiB resident (15 %)", with the container's where there is one. */
export function describeMemory({ rssBytes, limitBytes, container }: MemorySample): string {
  const own = share(rssBytes, limitBytes, 'resident');
  return container ? `${own}, ${share(container.usedBytes, container.limitBytes, 'in the container')}` : own;
}

function share(bytes: number, limitBytes: number, where: string): string {
  const percent = Math.round((100 * bytes) / limitBytes);
  return `${formatBytes(bytes)} of ${formatBytes(limitBytes)} ${where} (${percent} %)`;
}

/**
 * How full the process is, and what is done about it.
 *
 * - `ok`
 * - `shrink`: learners that are kept for later but not in use are dropped.
 * - `pause`: no new task is taken.
 * - `abort`: the compute thread is terminated and its task reported as out of memory.
 */
type MemoryLevel = 'ok' | 'shrink' | 'pause' | 'abort';

/** Shares of the limit above which a level begins. Shrinking starts early since freed memory returns late. */
const SHRINK_ABOVE = 0.75;
const PAUSE_ABOVE = 0.9;
const ABORT_ABOVE = 1;

/** Level of a resident set size under a limit, both in bytes. */
export function memoryLevel(rssBytes: number, limitBytes: number): MemoryLevel {
  const share = rssBytes / limitBytes;
  if (share > ABORT_ABOVE) return 'abort';
  if (share > PAUSE_ABOVE) return 'pause';
  if (share > SHRINK_ABOVE) return 'shrink';
  return 'ok';
}

/**
 * Share of a container's limit that counts as all of it: at the limit itself the system kills the process, and
 * its task would be lost without a word.
 */
const CONTAINER_SHARE = 0.95;

const ORDER: readonly MemoryLevel[] = ['ok', 'shrink', 'pause', 'abort'];

/** The more pressing of two levels. */
function worseLevel(a: MemoryLevel, b: MemoryLevel): MemoryLevel {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
