import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readAnnouncement } from '@onescan/shared/announce.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

export interface ServiceCommand {
  /** Name in messages and of the log, e.g. "trainer-1". */
  name: string;
  /** JavaScript file to run. */
  entry: string;
  args: readonly string[];
  /** Flags of Node. */
  nodeFlags?: readonly string[];
  /** File that receives the service's stderr. */
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

const STOP_WITH_PARENT = new URL('../../dist/stack/stop-with-parent.js', import.meta.url);
const LOG_TAIL_LINES = 5;

/** A service of the local stack as a process of its own. Never restarted: whoever owns it decides. */
export class ServiceProcess {
  readonly name: string;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<ServiceExit>;
  private readonly child: ChildProcess;
  private readonly logPath: string;

  constructor(command: ServiceCommand) {
    this.name = command.name;
    this.logPath = command.logPath;
    this.child = spawnService(command);
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

  /**
   * The address that the service announces on its stdout.
   *
   * @throws OnescanError UNAVAILABLE with the end of its log when it ends first or says nothing in time
   */
  async address(timeoutMs: number): Promise<string> {
    const late = new AbortController();
    try {
      return await Promise.race([
        readAnnouncement(this.child.stdout!).then((announcement) => announcement.address),
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
    const tail = this.logTail();
    return new OnescanError('UNAVAILABLE', tail ? `${message}\n${tail}\n` : message, {
      remedy: `Its whole log: ${this.logPath}`,
    });
  }

  /** Asks the service to stop, kills it after the grace period; resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    await this.exited.finally(() => clearTimeout(force));
  }

  private logTail(): string {
    try {
      return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
    } catch {
      return '';
    }
  }
}

function spawnService(command: ServiceCommand): ChildProcess {
  mkdirSync(dirname(command.logPath), { recursive: true });
  const log = openSync(command.logPath, 'w');
  try {
    const flags = [...(command.nodeFlags ?? []), '--import', STOP_WITH_PARENT.href];
    return spawn(process.execPath, [...flags, command.entry, ...command.args], {
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, ...command.env, ONESCAN_STOP_WITH_PARENT: '1' },
      // A group of its own: Ctrl-C reaches the launcher alone, which stops the services in order.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

/** The main file of a service; it is there once the checkout is built. */
export function serviceEntry(name: 'fetcher' | 'coordinator' | 'trainer'): string {
  return fileURLToPath(new URL(`../../../../services/${name}/dist/main.js`, import.meta.url));
}
