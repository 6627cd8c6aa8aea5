import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Where a service listens. */
export interface Announcement {
  service: string;
  address: string;
  /** "host:port" that is served beside it. */
  tcp?: string;
  /** Address of a page for browsers. */
  page?: string;
}

/**
 * Prints the one stdout line by which a parent process learns the port that was chosen. A stdout that is full or
 * closed does not end the service: who needs the line finds that it did not come.
 */
export function announceListening({ service, address, tcp, page }: Announcement): void {
  process.stdout.on('error', () => undefined);
  process.stdout.write(`${JSON.stringify({ event: 'listening', service, address, tcp, page })}\n`);
}

/**
 * Reads a child's stdout up to its announcement; later output is left to other readers.
 *
 * @throws OnescanError UNAVAILABLE when the stream ends first
 */
export async function readAnnouncement(stream: Readable): Promise<Announcement> {
  const lines = createInterface({ input: stream });
  try {
    for await (const line of lines) {
      const found = parseAnnouncement(line);
      if (found) return found;
    }
  } finally {
    lines.close();
    stream.resume();
  }
  throw new OnescanError('UNAVAILABLE', 'the process ended before it said where it listens', {
    remedy: 'Look at its log',
  });
}

function parseAnnouncement(line: string): Announcement | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    const { event, service, address, tcp, page } = value as Record<string, unknown>;
    if (event !== 'listening' || typeof service !== 'string' || typeof address !== 'string') return undefined;
    return {
      ...{ service, address },
      ...(typeof tcp === 'string' ? { tcp } : {}),
      ...(typeof page === 'string' ? { page } : {}),
    };
  } catch {
    return undefined;
  }
}
