import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** Browsers that are signed in at once; of more the one that ends first is signed out. */
export const MAX_SESSIONS = 1_024;

const TABLE = z.record(z.string().max(64), z.number());

/**
 * Which sessions are open, by their ids, in a file that outlives the process: what is not in it is signed out, whatever cookie
 * somebody still has.
 */
export class SessionTable {
  readonly #path: string;
  readonly #clock: () => number;
  readonly #untilMs: Map<string, number>;

  /** @param path of the file; where it is missing or none of ours nobody is signed in */
  constructor(path: string, clock: () => number) {
    this.#path = path;
    this.#clock = clock;
    this.#untilMs = new Map(Object.entries(readTable(path)));
  }

  /** Opens a session. @throws Error when it cannot be written down */
  open(id: string, untilMs: number): void {
    const now = this.#clock();
    for (const [known, until] of this.#untilMs) if (until <= now) this.#untilMs.delete(known);
    while (this.#untilMs.size >= MAX_SESSIONS) this.#untilMs.delete(this.#firstToEnd());
    this.#untilMs.set(id, untilMs);
    this.#write();
  }

  /** Ends a session, for whoever has its cookie. @throws Error when it cannot be written down; it has ended all the same */
  end(id: string): void {
    if (this.#untilMs.delete(id)) this.#write();
  }

  /** True while a session is open. */
  has(id: string): boolean {
    return (this.#untilMs.get(id) ?? 0) > this.#clock();
  }

  #firstToEnd(): string {
    return [...this.#untilMs].reduce((first, each) => (each[1] < first[1] ? each : first))[0];
  }

  /** In one step: nobody reads half a table. */
  #write(): void {
    const partial = `${this.#path}.partial`;
    rmSync(partial, { force: true });
    writeFileSync(partial, `${JSON.stringify(Object.fromEntries(this.#untilMs))}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    renameSync(partial, this.#path);
  }
}

function readTable(path: string): Record<string, number> {
  try {
    return TABLE.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return {};
  }
}
