import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type Announcement, readAnnouncement } from '@onescan/process/announce.js';
import { logTail } from './log-tail.js';

export interface ServiceCommand {
  /** Name in messages and of the log, e.g. "trainer-1". */
  name: string;
  /** JavaScript file to run. */
  entry: string;
  args: readonly string[];
  /** Flags of Node. */
  nodeFlags?: readonly string[];
  /** File to whose end the service's stderr goes, and which the service rotates. */
  logPath: string;
  env?: Readonly<Record<string, string | undefined>>;
}

/** How a service ended. */
export interface ServiceExit {
  name: string;
  /** "exit code 5" or "signal SIGKILL". */
  how: string;
  clean: boolean;
}

/** Starting includes opening stores and recovering runs. */
export const SERVICE_START_MS = 60_000;

/** Certificates, keys and tokens of the person at the terminal, which are not a service's. */
const NOT_HANDED_ON = Object.fromEntries(
  ['TLS_CA', 'TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA', 'TOKEN_FILE'].map((file) => [
    `ONESCAN_${file}`,
    undefined,
  ]),
);

const STOP_WITH_PARENT = new URL('../../dist/stack/stop-with-parent.js', import.meta.url);

/** A service of the local stack as a process of its own. Never restarted: whoever owns it decides. */
export class ServiceProcess {
  readonly name: string;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<ServiceExit>;
  private readonly child: ChildProcess;
  private readonly logPath: string;
  /** Bytes that earlier processes had left in the log. */
  private readonly logStart: number;

  constructor(command: ServiceCommand) {
    this.name = command.name;
    this.logPath = command.logPath;
    const { child, logStart } = spawnService(command);
    this.child = child;
    this.logStart = logStart;
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', (code, signal) => {
        const how = signal ? `signal ${signal}` : `exit code ${code}`;
        resolve({ name: command.name, how, clean: code === 0 });
      });
    });
    // Whoever awaits it sees the rejection; nobody awaiting must not end the launcher.
    this.exited.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /**
   * Where the service listens, as it announces on its stdout.
   *
   * @throws OnescanError UNAVAILABLE with the end of its log when it ends first or says nothing in time
   */
  async announcement(timeoutMs: number): Promise<Announcement> {
    const late = new AbortController();
    try {
      return await Promise.race([
        readAnnouncement(this.child.stdout!),
        sleep(timeoutMs, undefined, { signal: late.signal, ref: false }).then(() => {
          throw new OnescanError('DEADLINE_EXCEEDED', `it did not listen within ${timeoutMs / 1000} s`);
        }),
      ]);
    } catch (thrown) {
      throw this.failure(`${this.name} did not start: ${OnescanError.from(thrown).message}`);
    } finally {
      late.abort();
    }
  }

  /** An error about this service that shows the end of its log. */
  failure(message: string): OnescanError {
    const tail = logTail(this.logPath, this.logStart);
    return new OnescanError('UNAVAILABLE', tail ? `${message}\n${tail}\n` : message, {
      remedy: `Its whole log: ${this.logPath}`,
    });
  }

  /** Asks the service to stop, kills it after the grace period; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.exited.finally(() => clearTimeout(force));
  }
}

function spawnService(command: ServiceCommand): { child: ChildProcess; logStart: number } {
  mkdirSync(dirname(command.logPath), { recursive: true });
  // Appended to: another stack may be writing to the same file, and what an earlier one said may be wanted.
  const log = openSync(command.logPath, 'a');
  try {
    const flags = [...(command.nodeFlags ?? []), '--import', STOP_WITH_PARENT.href];
    const own = { ONESCAN_STOP_WITH_PARENT: '1', ONESCAN_LOG_FILE: command.logPath };
    const child = spawn(process.execPath, [...flags, command.entry, ...command.args], {
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, ...NOT_HANDED_ON, ...command.env, ...own },
      // A group of its own: Ctrl-C reaches the launcher alone, which stops the services in order.
      detached: true,
    });
    return { child, logStart: fstatSync(log).size };
  } finally {
    closeSync(log);
  }
}
