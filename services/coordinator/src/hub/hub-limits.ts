import type { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { ServiceLimits } from '@onescan/process/grpc/guard/guarded-service.js';
import { MAX_MESSAGE_BYTES } from '@onescan/process/grpc/message-limits.js';

/** What the hub takes from trainers; docs/security.md has the table. */
export const HUB_LIMITS: ServiceLimits<TrainerHubServiceService> = {
  methods: {
    // A result with its ledger.
    connect: { bytes: MAX_MESSAGE_BYTES },
    // Trainers send chunks of 256 KiB.
    putTaskFile: { bytes: 1024 * 1024 },
  },
  fields: {
    // Checked by the hub, field by field, before anything is done with them.
    'message.register': null,
    'message.heartbeat': null,
    'message.progress': null,
    // Checked whole before it is acknowledged.
    'result.result': null,
    'stats.stageSeconds': { items: 64 },
    'failure.message': { text: 16_384 },
  },
};
