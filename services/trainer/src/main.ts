import { PROCESS_METRICS, recordProcess } from '@onescan/process/metrics/process-metrics.js';
import { measureCalled } from '@onescan/process/metrics/rpc-metrics.js';
import { startMetrics } from '@onescan/process/metrics/start-metrics.js';
import { readProcessMemory } from '@onescan/process/process-memory.js';
import { runService } from '@onescan/process/service/run-service.js';
import { recordState, TRAINER_METRICS, TrainerMetrics } from './metrics/trainer-metrics.js';
import { Trainer } from './trainer.js';
import { serveTrainerHealth } from './trainer-health.js';
import { requireCallable, TRAINER, TRAINER_FLAGS, trainerOptions } from './trainer-options.js';

await runService({
  name: TRAINER,
  flags: TRAINER_FLAGS,
  example: '--coordinator 127.0.0.1:7400 --memory-limit 8GiB --metrics-listen 127.0.0.1:9466',
  require: requireCallable,
  start: async (flags, { log }) => {
    const options = trainerOptions(flags, readProcessMemory());
    const health = await serveTrainerHealth(options.healthListen);
    const metrics = await startMetrics('onescan-trainer', options.metricsListen, log);
    const instruments = metrics.instruments(TRAINER_METRICS);
    const calls = measureCalled(metrics, TRAINER_METRICS);
    const measured = metrics.isRead ? { measured: { tasks: new TrainerMetrics(instruments), calls } } : {};
    const trainer = new Trainer(options, { log, ...measured, onState: (state) => health?.onState(state) });
    if (metrics.isRead) {
      recordState(instruments, trainer);
      recordProcess(metrics.instruments(PROCESS_METRICS), () => options.memoryLimitBytes);
    }
    return {
      ...(health ? { address: health.address } : {}),
      stop: (signal) => trainer.drain(signal),
      ended: trainer.run().finally(() => Promise.all([health?.close(), metrics.close()])),
    };
  },
});
