import { readProcessMemory } from '@onescan/process/process-memory.js';
import { runService } from '@onescan/process/service/run-service.js';
import { Trainer } from './trainer.js';
import { serveTrainerHealth } from './trainer-health.js';
import { requireCallable, TRAINER, TRAINER_FLAGS, trainerOptions } from './trainer-options.js';

await runService({
  name: TRAINER,
  flags: TRAINER_FLAGS,
  require: requireCallable,
  start: async (flags, { log }) => {
    const options = trainerOptions(flags, readProcessMemory());
    const health = await serveTrainerHealth(options.healthListen);
    const trainer = new Trainer(options, { log, onState: (state) => health?.onState(state) });
    return {
      ...(health ? { address: health.address } : {}),
      stop: (signal) => trainer.drain(signal),
      ended: trainer.run().finally(() => health?.close()),
    };
  },
});
