import { announceListening } from '@onescan/shared/announce.js';
import { startServer } from '@onescan/shared/grpc/start-server.js';
import type { TrainerState } from './life-cycle.js';

/** Time for the last answer to be sent, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

export interface TrainerHealth {
  onState(state: TrainerState): void;
  close(): Promise<void>;
}

const NO_HEALTH: TrainerHealth = { onState: () => undefined, close: async () => undefined };

/**
 * Serves gRPC health for whoever starts and stops trainers: SERVING while tasks are taken or computed,
 * NOT_SERVING before the first registration and from the moment on in which the trainer drains.
 *
 * @param listen "host:port", announced on stdout; empty for none
 * @throws OnescanError INVALID_ARGUMENT on an address that is none, UNAVAILABLE when the port is taken
 */
export async function serveTrainerHealth(listen: string): Promise<TrainerHealth> {
  if (listen === '') return NO_HEALTH;
  const server = await startServer({
    listen,
    register: () => undefined,
    healthNames: ['onescan.v1.Trainer'],
  });
  server.setServing(false);
  announceListening('trainer', server.address);
  return {
    onState: (state) => server.setServing(state === 'IDLE' || state === 'WORKING'),
    close: () => server.shutdown(CLOSE_GRACE_MS),
  };
}
