import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { FETCHER_NODE_FLAGS } from '@onescan/process/fetcher-node-flags.js';

export interface ServiceProcessOptions {
  service: 'fetcher' | 'coordinator' | 'trainer';
  args: readonly string[];
  /** Receives stderr. */
  logPath: string;
  env?: Readonly<Record<string, string>>;
}

const STOP_GRACE_MS = 15_000;

/** A service of Onescan as the local stack runs it: `node services/X/dist/main.js`, with its flags. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly #service: string;
  /** "code 0", "signal SIGKILL" */
  readonly exited: Promise<string>;

  constructor({ service, args, logPath, env }: ServiceProcessOptions) {
    mkdirSync(dirname(logPath), { recursive: true });
    this.#logPath = logPath;
    this.#service = service;
    const flags = service === 'fetcher' ? FETCHER_NODE_FLAGS : [];
    this.#child = spawn(process.execPath, [...flags, serviceMain(service), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child.stderr!.pipe(createWriteStream(logPath));
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws OnescanError UNAVAILABLE with the log when the process ends before it listens */
  async address(): Promise<string> {
    try {
      return (await readAnnouncement(this.#child.stdout!)).address;
    } catch (cause) {
      throw new OnescanError('UNAVAILABLE', `${this.#service} did not start:\n${this.log()}`, { cause });
    }
  }

  log(): string {
    return readFileSync(this.#logPath, 'utf8');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, SIGKILL when that does not end it in time; resolves to how it ended. */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
    const how = await this.exited;
    clearTimeout(force);
    return how;
  }
}

function serviceMain(service: string): string {
  return fileURLToPath(new URL(`../../services/${service}/dist/main.js`, import.meta.url));
}
