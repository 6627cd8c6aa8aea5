import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { saveChunks } from '../output/save-chunks.js';
import { MAX_HEADER_BYTES, type ModelDocument, parseModelDocument } from './model-document.js';

/** Name of the document in a folder of models. */
export const MODEL_DOCUMENT = 'model.json';

/**
 * Takes a file of models apart as it arrives (docs/models.md): a folder with the text of each model, and at last
 * model.json. Every file is there whole or not at all; files of these names are replaced.
 *
 * @returns what model.json says
 * @throws OnescanError DATA_LOSS when a text is cut off or not the announced one
 */
export async function saveModels(chunks: AsyncIterable<Buffer>, folder: string): Promise<ModelDocument> {
  const stream = new ByteStream(chunks);
  const document = parseModelDocument(await stream.line(MAX_HEADER_BYTES), 'the file of models');
  await mkdir(folder, { recursive: true });
  for (const { file, bytes, sha256 } of document.models) {
    await saveChunks(verified(stream.take(bytes), { file, bytes, sha256 }), join(folder, file));
  }
  await saveChunks(once(Buffer.from(`${JSON.stringify(document, null, 2)}\n`)), join(folder, MODEL_DOCUMENT));
  return document;
}

/** Passes chunks on, and fails after the last when they are not what was announced. */
async function* verified(
  chunks: AsyncIterable<Buffer>,
  { file, bytes, sha256 }: { file: string; bytes: number; sha256: string },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let seen = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    seen += chunk.length;
    yield chunk;
  }
  if (seen === bytes && hash.digest('hex') === sha256) return;
  throw new OnescanError(
    'DATA_LOSS',
    `${file}: ${seen} bytes arrived that are not the ${bytes} bytes announced`,
    {
      remedy:
        'Try again; when it stays so, `onescan rerun RUN --set models.export=yes` makes the models anew',
    },
  );
}

async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}

/** Bytes in chunks of any size, read as a line or in given numbers. */
class ByteStream {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** @throws OnescanError DATA_LOSS when no line ends within `most` bytes */
  async line(most: number): Promise<string> {
    const parts: Buffer[] = [];
    let length = 0;
    for (let chunk = await this.#next(); chunk && length <= most; chunk = await this.#next()) {
      const end = chunk.indexOf('\n');
      parts.push(end < 0 ? chunk : chunk.subarray(0, end));
      if (end >= 0) {
        this.#rest = chunk.subarray(end + 1);
        return Buffer.concat(parts).toString('utf8');
      }
      length += chunk.length;
    }
    throw new OnescanError('DATA_LOSS', 'the file of models does not begin with a line that describes it');
  }

  /** Up to `count` bytes, fewer where the stream ends. */
  async *take(count: number): AsyncGenerator<Buffer> {
    let left = count;
    while (left > 0) {
      const chunk = await this.#next();
      if (!chunk) return;
      this.#rest = chunk.subarray(left);
      yield chunk.subarray(0, left);
      left -= Math.min(left, chunk.length);
    }
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      return rest;
    }
    const next = await this.#chunks.next();
    return next.done ? undefined : next.value;
  }
}
