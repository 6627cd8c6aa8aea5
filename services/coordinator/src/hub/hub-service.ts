import type { ServerDuplexStream } from '@grpc/grpc-js';
import { quoted } from '@onescan/contract/format/sendable-text.js';
import type {
  ConnectRequest,
  ConnectResponse,
  PutTaskFileRequest,
  PutTaskFileResponse,
  Register,
  TrainerHubServiceServer,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { certifiedName } from '@onescan/process/grpc/caller.js';
import { clientStream } from '@onescan/process/grpc/handlers.js';
import { resetStream } from '@onescan/process/grpc/reset-stream.js';
import type { Trainer, TrainerStream } from './trainer.js';

/** What the hub does with trainers and their messages. */
export interface HubHandler {
  /** @throws OnescanError when the trainer is refused */
  onRegister(register: Register, stream: TrainerStream): Trainer;
  /** Messages after the registration, in order. */
  onMessage(trainer: Trainer, message: NonNullable<ConnectRequest['message']>): void;
  onDisconnect(trainer: Trainer, stream: TrainerStream): void;
  /** @throws OnescanError when the file is refused or cannot be stored */
  putTaskFile(requests: AsyncIterable<PutTaskFileRequest>): Promise<PutTaskFileResponse>;
}

/** Messages that a trainer may leave unread before its stream is cut; what was given to it is given to others. */
const MAX_UNREAD = 256;

type Duplex = ServerDuplexStream<ConnectRequest, ConnectResponse>;

/** The gRPC side of the hub: one bidirectional stream a trainer, whose first message registers it, and files. */
export function hubService(handler: HubHandler): TrainerHubServiceServer {
  return {
    connect: (duplex: Duplex) => serve(duplex, handler),
    putTaskFile: clientStream((requests) => handler.putTaskFile(requests)),
  };
}

function serve(duplex: Duplex, handler: HubHandler): void {
  let trainer: Trainer | undefined;
  let open = true;
  const stream: TrainerStream = {
    send: (message) => {
      if (!open) return;
      if (duplex.writableLength < MAX_UNREAD) duplex.write(message);
      else {
        over();
        resetStream(duplex);
      }
    },
    end: (error) => {
      if (!open) return;
      open = false;
      if (error) duplex.emit('error', error.toServiceError());
      else duplex.end();
    },
  };
  const over = (): void => {
    open = false;
    if (trainer) handler.onDisconnect(trainer, stream);
    trainer = undefined;
  };
  duplex.on('data', (request: ConnectRequest) => {
    if (!open) return;
    try {
      if (!trainer) trainer = handler.onRegister(requireRegister(request, certifiedName(duplex)), stream);
      else if (request.message) handler.onMessage(trainer, request.message);
    } catch (thrown) {
      stream.end(OnescanError.from(thrown));
    }
  });
  duplex.on('end', () => {
    // Messages that arrived are answered by now or will be: half-closed trainers wait for their Acks.
    over();
    duplex.end();
  });
  duplex.on('cancelled', over);
  duplex.on('error', over);
}

/**
 * The registration of a trainer under a name of its own: that of its certificate, where it has one. Several that share a
 * certificate add a part behind a colon.
 */
function requireRegister({ message }: ConnectRequest, certified: string | undefined): Register {
  if (message?.$case !== 'register') {
    throw new OnescanError('INVALID_ARGUMENT', 'the first message of a trainer must be register');
  }
  const { trainerId } = message.value;
  if (certified === undefined || trainerId === certified || trainerId.startsWith(`${certified}:`)) {
    return message.value;
  }
  throw new OnescanError(
    'PERMISSION_DENIED',
    `the certificate of "${certified}" is not that of ${quoted(trainerId)}`,
    {
      remedy: `Start the trainer without --id, or with --id ${certified}, or ${certified}:SOMETHING where several share the certificate`,
      details: { field: 'trainer_id' },
    },
  );
}
