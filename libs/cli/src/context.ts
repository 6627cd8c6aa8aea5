import type { ExitCode } from './exit-code.js';
import type { Terminal } from './terminal/terminal.js';

/** Folder of the local stack when --home says nothing. */
export const DEFAULT_HOME = '.onescan';

/** Options that every verb takes. */
export interface GlobalOptions {
  json?: boolean;
  verbose?: boolean;
  /** Address of the coordinator, "host:port" or "unix:/path". */
  coordinator?: string;
  /** Address of the fetcher, "host:port"; only the cache verbs and doctor speak to it. */
  fetcher?: string;
  /** File with the bearer token for `coordinator`. */
  tokenFile?: string;
  /** File of the authorities that signed the certificates of coordinator and fetcher. */
  tlsCa?: string;
  /** Files of one's own certificate and its key; of `up` those of the address that it serves. */
  tlsCert?: string;
  tlsKey?: string;
  /** Folder of the local stack, relative to the working folder. */
  home: string;
}

/** What a verb is given beside its own options. */
export interface Invocation {
  terminal: Terminal;
  global: GlobalOptions;
}

/** A verb: gets its options and arguments as commander parsed them, gives the exit code. */
export type Verb<Options, Arguments extends readonly unknown[]> = (
  invocation: Invocation,
  options: Options,
  ...args: Arguments
) => Promise<ExitCode>;

/** Turns a verb into a commander action whose exit code and errors reach {@link runCli}. */
export type Act = <Options, Arguments extends readonly unknown[]>(
  verb: Verb<Options, Arguments>,
) => (...parameters: unknown[]) => Promise<void>;
