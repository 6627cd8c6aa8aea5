import type {
  PutTaskFileRequest,
  PutTaskFileResponse,
  TaskAttempt,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { isStoredKind, type TaskFiles } from '../store/task-files.js';
import { checkAttempt } from './check-trainer-message.js';

/** Largest file that is taken, in bytes. */
const MOST_BYTES = 8n * 1024n ** 3n;

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Takes a file that a trainer hands over for a task: SHAP values by row, or models.
 *
 * @param objection why the bearer of a token may not hand anything over; undefined when it holds the lease
 * @throws OnescanError INVALID_ARGUMENT, FAILED_PRECONDITION for an attempt without the lease,
 *   RESOURCE_EXHAUSTED when too many wait, and as the files do
 */
export async function receiveTaskFile(
  requests: AsyncIterable<PutTaskFileRequest>,
  { files, slots }: { files: TaskFiles; slots: UploadSlots },
  objection: (task: TaskAttempt, leaseToken: string) => Promise<string | undefined>,
): Promise<PutTaskFileResponse> {
  const messages = requests[Symbol.asyncIterator]();
  const first = await messages.next();
  const header =
    !first.done && first.value.message?.$case === 'header' ? first.value.message.value : undefined;
  if (!header?.task || !header.file) {
    throw new OnescanError('INVALID_ARGUMENT', 'a file starts with a header that names its task and hash');
  }
  const { task, file, leaseToken, kind } = header;
  checkAttempt('header.task', task);
  if (!isStoredKind(kind)) {
    throw new OnescanError('INVALID_ARGUMENT', 'header.kind is none that is stored', {
      details: { field: 'header.kind' },
    });
  }
  if (!SHA256.test(file.sha256)) {
    throw new OnescanError('INVALID_ARGUMENT', 'header.file.sha256 is not a hash in hexadecimal digits');
  }
  if (file.bytes > MOST_BYTES) {
    throw new OnescanError('INVALID_ARGUMENT', `a file of ${file.bytes} bytes is larger than ${MOST_BYTES}`);
  }
  const reason = await objection(task, leaseToken);
  if (reason) throw new OnescanError('FAILED_PRECONDITION', reason);
  const release = await slots.take();
  try {
    await files.receive(task, { kind, file }, chunksOf(messages));
  } finally {
    release();
  }
  return {};
}

async function* chunksOf(messages: AsyncIterator<PutTaskFileRequest>): AsyncGenerator<Buffer> {
  for (let next = await messages.next(); !next.done; next = await messages.next()) {
    const { message } = next.value;
    if (message?.$case !== 'chunk') {
      throw new OnescanError('INVALID_ARGUMENT', 'after its header a file has chunks only');
    }
    yield message.value;
  }
}

/** Files that are taken at the same time, each with its buffers and its partial file. */
const AT_ONCE = 8;
/** Uploads that wait for others to end; flow control holds their bytes back at the trainers. */
const WAITING = 256;

/** Lets a few uploads in at a time, first come, first served. */
export class UploadSlots {
  #free = AT_ONCE;
  readonly #waiting: (() => void)[] = [];

  /**
   * @returns gives the slot back
   * @throws OnescanError RESOURCE_EXHAUSTED when too many wait already
   */
  async take(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= WAITING) {
      throw new OnescanError('RESOURCE_EXHAUSTED', `${WAITING} files wait to be taken already`);
    } else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
