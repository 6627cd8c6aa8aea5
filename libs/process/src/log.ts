import pino, { type DestinationStream, type Logger } from 'pino';
import { LogSink } from './log-sink.js';
import { traceFields } from './telemetry/log-trace.js';

export type { Logger };

/** pino's number of the level "warn". */
const WARN = 40;

/**
 * A logger that writes JSON lines to stderr (stdout is for data), without ever waiting or failing: see {@link LogSink}.
 * Level from ONESCAN_LOG_LEVEL, default info. A parent that has stderr append to a file names it in ONESCAN_LOG_FILE,
 * so that it is rotated by size. Lines carry trace_id and span_id where there are any. Credentials are never logged: fields of these names are censored.
 */
export function createLog(service: string, destination: DestinationStream = stderrSink(service)): Logger {
  return pino(
    {
      name: service,
      level: process.env.ONESCAN_LOG_LEVEL ?? 'info',
      mixin: traceFields,
      redact: ['token', 'credentials', 'authorization', '*.token', '*.credentials', '*.authorization'],
    },
    destination,
  );
}

function stderrSink(name: string): LogSink {
  const path = process.env.ONESCAN_LOG_FILE;
  return new LogSink({
    ...(path ? { path } : {}),
    droppedLine: (dropped, reason) =>
      `${JSON.stringify({ level: WARN, time: Date.now(), pid: process.pid, name, dropped, reason, msg: 'log lines were dropped' })}\n`,
  });
}
