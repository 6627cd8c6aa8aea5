import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { clearCaller, setCaller } from '../caller.js';
import { resetStream } from '../reset-stream.js';
import type { Caller, Evidence } from './access.js';
import { ACCESS, PUBLIC_SERVICE } from './access-table.js';

/** Time for the status of a call that has lost its right to reach a reader, in milliseconds. */
const LAST_WORD_MS = 1_000;

type Call = Parameters<ServerInterceptor>[1];

export interface AccessGuardOptions {
  /** Who calls, by what the server knows of a connection and what the call brings. */
  identify(evidence: Evidence): Caller | undefined;
  /** Verified certificate of the call's connection. */
  certificateOf(call: Call): Evidence['certificate'];
  /** Somebody known has called what he may not. */
  onRefused?(path: string, caller: Caller): void;
}

interface OpenCall {
  readonly path: string;
  readonly evidence: Evidence;
  end(error: OnescanError): void;
}

/** Lets calls through by their callers' roles, and ends those under way whose callers have lost theirs. */
export class AccessGuard {
  readonly #options: AccessGuardOptions;
  readonly #open = new Set<OpenCall>();

  constructor(options: AccessGuardOptions) {
    this.#options = options;
  }

  readonly interceptor: ServerInterceptor = ({ path }, call) => {
    let opened: OpenCall | undefined;
    const over = (): void => {
      if (opened) this.#open.delete(opened);
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => {
            clearCaller(metadata);
            if (path.startsWith(PUBLIC_SERVICE)) return go(metadata);
            const evidence = this.#evidence(call, metadata);
            const caller = this.#options.identify(evidence);
            const refusal = refusalOf(path, caller);
            if (caller && refusal) this.#options.onRefused?.(path, caller);
            if (!caller || refusal) return send(call, refusal ?? unknownCaller());
            opened = { path, evidence, end: (error) => end(call, error) };
            this.#open.add(opened);
            setCaller(metadata, caller, evidence);
            go(metadata);
          },
          onCancel: over,
        }),
      sendStatus: (status, next) => {
        over();
        next(status);
      },
    });
  };

  /** Ends the calls that would not be let in now. */
  recheck(): void {
    for (const opened of this.#open) {
      const refusal = refusalOf(opened.path, this.#options.identify(opened.evidence));
      if (!refusal) continue;
      this.#open.delete(opened);
      opened.end(refusal);
    }
  }

  #evidence(call: Call, metadata: Metadata): Evidence {
    const [authorization] = metadata.get('authorization');
    // The token is nobody's business behind this point.
    metadata.remove('authorization');
    return {
      certificate: this.#options.certificateOf(call),
      authorization: typeof authorization === 'string' ? authorization : undefined,
    };
  }
}

function refusalOf(path: string, caller: Caller | undefined): OnescanError | undefined {
  if (!caller) return unknownCaller();
  const allowed = ACCESS.get(path) ?? [];
  if (allowed.some((role) => caller.roles.has(role))) return undefined;
  const who = `${caller.name || 'the caller'} (${[...caller.roles].join(', ')})`;
  return new OnescanError('PERMISSION_DENIED', `${who} may not call ${path.replace(/^.*\//, '')}`, {
    remedy:
      allowed.length === 0
        ? 'Nobody may'
        : `Roles that may: ${allowed.join(', ')}; whoever runs the service gives them with --roles`,
  });
}

function unknownCaller(): OnescanError {
  return new OnescanError(
    'UNAUTHENTICATED',
    'this address takes calls with a bearer token, or a certificate that it knows, only',
    {
      remedy:
        'Send "authorization: Bearer TOKEN"; the command takes the file with --token-file or ONESCAN_TOKEN_FILE, a certificate with --tls-cert and --tls-key',
    },
  );
}

function send(call: Call, error: OnescanError): void {
  const { code, details, metadata } = error.toServiceError();
  call.sendStatus({ code, details, metadata });
}

/** With the status where the reader takes it in time. */
function end(call: Call, error: OnescanError): void {
  send(call, error);
  setTimeout(() => resetStream(call), LAST_WORD_MS).unref();
}
