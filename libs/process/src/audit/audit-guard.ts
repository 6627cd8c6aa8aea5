import {
  type Metadata,
  type MethodDefinition,
  ServerInterceptingCall,
  type ServerInterceptor,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Caller } from '../grpc/access/access.js';
import { calledBy, callerOf } from '../grpc/caller.js';
import type { AuditFacts, AuditLog } from './audit-log.js';

/** What is written down of a method that spends, destroys or decides. */
export interface AuditedMethod<Request = never, Response = never> {
  /** What it is asked. */
  request(request: Request): AuditFacts;
  /** What it answered; of a stream of each message, and the later ones count. */
  response?(response: Response): AuditFacts;
}

/** By a method's path. */
export type AuditedMethods = ReadonlyMap<string, AuditedMethod>;

/** An entry of the table, with the types of its method. */
export function audited<Request, Response>(
  { path }: MethodDefinition<Request, Response>,
  method: AuditedMethod<Request, Response>,
): [string, AuditedMethod] {
  return [path, method as unknown as AuditedMethod];
}

/** Writes down who asks what before it is done, and what became of it; what cannot be written down is not done. */
export function auditGuard(log: AuditLog, methods: AuditedMethods): ServerInterceptor {
  return ({ path }, call) => {
    const method = methods.get(path) as AuditedMethod<unknown, unknown> | undefined;
    if (!method) return new ServerInterceptingCall(call);
    const action = actionOf(path);
    let who = { who: '', by: '' };
    let of: number | undefined;
    let facts: AuditFacts = {};
    const end = ({ code, details }: Pick<StatusObject, 'code' | 'details'>): void => {
      if (of === undefined) return;
      const failed = code !== status.OK;
      const outcome = failed ? 'failed' : 'done';
      const why = failed ? { code: status[code], reason: details } : {};
      log.append({ ...who, action, outcome, of, facts: { ...facts, ...why } });
      of = undefined;
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata: Metadata, go) => {
            who = { who: callerOf({ metadata }), by: calledBy({ metadata }) };
            go(metadata);
          },
          onReceiveMessage: (message: unknown, go) => {
            try {
              of = log.append({ ...who, action, outcome: 'asked', facts: method.request(message) });
            } catch (thrown) {
              const { code, details, metadata } = OnescanError.from(thrown).toServiceError();
              return call.sendStatus({ code, details, metadata });
            }
            go(message);
          },
          onCancel: () => endQuietly(end, { code: status.CANCELLED, details: 'the caller is gone' }),
        }),
      sendMessage: (message, next) => {
        facts = { ...facts, ...method.response?.(message) };
        next(message);
      },
      sendStatus: (given, next) => {
        endQuietly(end, { code: given.code ?? status.UNKNOWN, details: given.details ?? '' });
        next(given);
      },
    });
  };
}

/** Writes down that somebody known has asked what he may not. */
export function auditRefusal(log: AuditLog, methods: AuditedMethods) {
  return (path: string, { name, by }: Caller): void => {
    if (!methods.has(path)) return;
    endQuietly(() => log.append({ who: name, by, action: actionOf(path), outcome: 'refused' }), undefined);
  };
}

/** What was done stays done when its end cannot be written down; that it was asked has been. */
function endQuietly<T>(write: (value: T) => void, value: T): void {
  try {
    write(value);
  } catch {
    // The next call says that the log cannot be written.
  }
}

function actionOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
