import { CoordinatorServiceService } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { TrainerHubServiceService } from '@onescan/shared/generated/onescan/v1/trainer.js';
import { startServer } from '@onescan/shared/grpc/start-server.js';
import type { Logger } from '@onescan/shared/log.js';
import { type Clocks, Coordinator } from './coordinator.js';
import type { CoordinatorOptions } from './coordinator-options.js';
import { hubService } from './hub/hub-service.js';
import { coordinatorService } from './service/coordinator-service.js';

/** Time for calls under way to end at shutdown, in milliseconds. */
const SHUTDOWN_GRACE_MS = 2_000;

export interface RunningCoordinator {
  /** "host:port" that is served. */
  readonly address: string;
  /** Goes NOT_SERVING, stores what is under way, ends all streams, closes the state file. */
  shutdown(): Promise<void>;
}

export interface StartHooks {
  /** Called when the state file can no longer be used: the process must end. */
  onFatal?: (thrown: unknown) => void;
  /** Default: the system's. */
  clocks?: Clocks;
}

/** Opens the state folder, takes up its runs and serves both services on one port. */
export async function startCoordinator(
  options: CoordinatorOptions,
  log: Logger,
  { onFatal, clocks }: StartHooks = {},
): Promise<RunningCoordinator> {
  const coordinator = await Coordinator.open(options, log, clocks);
  if (onFatal) coordinator.core.book.store.whenFatal(onFatal);
  try {
    const server = await startServer({
      listen: options.listen,
      register: (grpc) => {
        grpc.addService(CoordinatorServiceService, coordinatorService(coordinator));
        grpc.addService(TrainerHubServiceService, hubService(coordinator.hub));
      },
      healthNames: ['onescan.v1.CoordinatorService', 'onescan.v1.TrainerHubService'],
    });
    return {
      address: server.address,
      shutdown: async () => {
        server.setServing(false);
        await coordinator.close();
        await server.shutdown(SHUTDOWN_GRACE_MS);
      },
    };
  } catch (thrown) {
    await coordinator.close();
    throw thrown;
  }
}
