import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

/**
 * A logger that writes JSON lines to stderr (stdout is for data). Level from ONESCAN_LOG_LEVEL, default
 * info. Credentials are never logged: fields of these names are censored.
 */
export function createLog(
  service: string,
  destination: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  return pino(
    {
      name: service,
      level: process.env.ONESCAN_LOG_LEVEL ?? 'info',
      redact: ['token', 'credentials', 'authorization', '*.token', '*.credentials', '*.authorization'],
    },
    destination,
  );
}
