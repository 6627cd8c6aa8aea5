import type {
  ExternalScalerServer,
  ExternalScalerService,
  ScaledObjectRef,
} from '@onescan/contract/generated/externalscaler/externalscaler.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ServiceLimits } from '@onescan/process/grpc/guard/guarded-service.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import type { Demand } from './demand.js';

/** Name of the one metric. */
export const SCALER_METRIC = 'onescan-horizons';

/** Of the trigger's metadata: horizons for which there shall be one trainer. */
const PER_TRAINER = 'horizonsPerTrainer';
const MAX_PER_TRAINER = 1_000;

const BRIEF = { bytes: 64 * 1024 };

/** What the scaler takes from KEDA; docs/security.md has the table. */
export const SCALER_LIMITS: ServiceLimits<ExternalScalerService> = {
  methods: { isActive: BRIEF, streamIsActive: BRIEF, getMetricSpec: BRIEF, getMetrics: BRIEF },
  fields: {
    // Names of Kubernetes have up to 253 characters.
    name: { text: 253 },
    namespace: { text: 253 },
    metricName: { text: 512 },
    scalerMetadata: { text: 2_048 },
  },
};

/** KEDA's external scaler: how many horizons wait and are worked on, and whether there is work at all. */
export function scalerService(demand: Demand): ExternalScalerServer {
  return {
    isActive: unary(async () => ({ result: demand.isActive })),
    streamIsActive: serverStream(async function* (_request, _call, signal) {
      for await (const result of demand.watch(signal)) yield { result };
    }),
    getMetricSpec: unary(async (object) => {
      const target = horizonsPerTrainer(object);
      const size = { targetSize: BigInt(target), targetSizeFloat: target };
      return { metricSpecs: [{ metricName: SCALER_METRIC, ...size }] };
    }),
    getMetrics: unary(async ({ scaledObjectRef }) => {
      const horizons = demand.horizons(horizonsPerTrainer(scaledObjectRef));
      const value = { metricValue: BigInt(horizons), metricValueFloat: horizons };
      return { metricValues: [{ metricName: SCALER_METRIC, ...value }] };
    }),
  };
}

/** @throws OnescanError INVALID_ARGUMENT, which KEDA shows as an event of the scaled object */
function horizonsPerTrainer(object: ScaledObjectRef | undefined): number {
  const text = object?.scalerMetadata[PER_TRAINER] ?? '1';
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= MAX_PER_TRAINER) return value;
  throw new OnescanError('INVALID_ARGUMENT', `${PER_TRAINER} of the trigger is not allowed`, {
    remedy: `Give a whole number from 1 to ${MAX_PER_TRAINER}`,
  });
}
