import { startServer } from '@onescan/process/grpc/start-server.js';
import type { TrainerState } from './life-cycle.js';

/** Time for the last answer to be sent, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

export interface TrainerHealth {
  /** "host:port". */
  readonly address: string;
  onState(state: TrainerState): void;
  close(): Promise<void>;
}

/**
 * Serves gRPC health for whoever starts and stops trainers: SERVING while tasks are taken or computed,
 * NOT_SERVING before the first registration and from the moment on in which the trainer drains.
 *
 * @param listen "host:port"; undefined for nowhere
 * @throws OnescanError INVALID_ARGUMENT on an address that is none, UNAVAILABLE when the port is taken
 */
export async function serveTrainerHealth(listen: string | undefined): Promise<TrainerHealth | undefined> {
  if (listen === undefined) return undefined;
  const server = await startServer({
    listen,
    register: () => undefined,
    healthNames: ['onescan.v1.Trainer'],
  });
  server.setServing(false);
  return {
    address: server.address,
    onState: (state) => server.setServing(state === 'IDLE' || state === 'WORKING'),
    close: () => server.shutdown(CLOSE_GRACE_MS),
  };
}
