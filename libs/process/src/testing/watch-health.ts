import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { proxyOptions } from '../grpc/client.js';

const HealthClient = makeGenericClientConstructor(service, 'Health');

export interface HealthWatch {
  /** Statuses so far, in order. */
  readonly seen: string[];
  close(): void;
}

/** Watches the health of a process, as those do who start and stop services. */
export function watchHealth(address: string): HealthWatch {
  const seen: string[] = [];
  const client = new HealthClient(address, credentials.createInsecure(), proxyOptions(address));
  const stream = client.watch!({ service: '' });
  stream.on('data', ({ status }: { status: string }) => seen.push(status));
  // The process ends: that is what is being watched.
  stream.on('error', () => undefined);
  return { seen, close: () => client.close() };
}
