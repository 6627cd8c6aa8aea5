import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Announcement } from '@onescan/process/announce.js';
import { type RestartLimits, RestartPolicy } from './restart-policy.js';
import { SERVICE_START_MS, type ServiceExit, type ServiceProcess } from './service-process.js';

/** What a service is doing, as its supervisor knows. */
export type ServiceState = 'running' | 'restarting' | 'given up';

/** The end of a service that nobody asked for. */
export interface ServiceEnd extends ServiceExit {
  /** Milliseconds until it is started again; undefined when it is given up. */
  readonly restartInMs?: number;
  /** Restarts within the time that counts, this one included. */
  readonly restarts: number;
}

/** How a service is started. */
export interface ServiceStart {
  readonly name: string;
  /** Starts the process; told where the one before listened, to listen there again. */
  start(before: Announcement | undefined): ServiceProcess;
  /** Whether it says on its stdout where it listens, and has failed when it does not. */
  readonly announces: boolean;
}

/** Wrong flags: the next process would have them too. */
const BAD_USAGE = 'exit code 2';

/** A service that is started again when it ends by itself, with growing waits, and given up when that happens too often. */
export class SupervisedService {
  readonly name: string;
  state: ServiceState = 'running';
  /** Restarts since the stack was started. */
  restarts = 0;
  /** How it last ended by itself, and when, as ISO 8601. */
  lastEnd: { how: string; at: string } | undefined;
  #process: ServiceProcess;
  #announced: Announcement | undefined;
  readonly #how: ServiceStart;
  readonly #stopping = new AbortController();

  /** Starts the first process; it is watched over from {@link supervise} on. */
  constructor(how: ServiceStart) {
    this.name = how.name;
    this.#how = how;
    this.#process = how.start(undefined);
  }

  /** The present process, or the last one. */
  get process(): ServiceProcess {
    return this.#process;
  }

  /**
   * Where the first process listens.
   *
   * @throws OnescanError as {@link ServiceProcess.announcement}
   */
  async announcement(): Promise<Announcement> {
    this.#announced = await this.#process.announcement(SERVICE_START_MS);
    return this.#announced;
  }

  /** Starts it again whenever it ends, until it is stopped or given up. Calls back at each end and each new start. */
  async supervise(
    limits: RestartLimits,
    { onEnd, onStart }: { onEnd(end: ServiceEnd): void; onStart(): void },
  ): Promise<void> {
    const policy = new RestartPolicy(limits);
    for (;;) {
      const exit = await this.#process.exited.catch((thrown) => unstartable(this.name, thrown));
      if (this.#stopping.signal.aborted) return;
      const waitMs = exit.how === BAD_USAGE ? undefined : policy.next(performance.now());
      this.state = waitMs === undefined ? 'given up' : 'restarting';
      this.lastEnd = { how: exit.how, at: new Date().toISOString() };
      const restarts = policy.recent(performance.now());
      onEnd({ ...exit, restarts, ...(waitMs === undefined ? {} : { restartInMs: waitMs }) });
      if (waitMs === undefined) return;
      await sleep(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      this.#startAgain(onStart);
    }
  }

  /** Asks it to stop, kills it after the grace period, and starts none again; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#process.stop(graceMs);
  }

  #startAgain(onStart: () => void): void {
    this.restarts++;
    const process = this.#how.start(this.#announced);
    this.#process = process;
    const { announces } = this.#how;
    // One that is called by others is back when it listens.
    this.state = announces ? 'restarting' : 'running';
    onStart();
    if (!announces) return;
    process.announcement(SERVICE_START_MS).then(
      () => {
        // Its last words may be read after its end, which has been told by then.
        if (process.hasEnded) return;
        this.state = 'running';
        onStart();
      },
      // One that does not listen in time is as good as ended.
      () => process.stop(0),
    );
  }
}

function unstartable(name: string, thrown: unknown): ServiceExit {
  return { name, how: OnescanError.from(thrown).message, clean: false };
}
