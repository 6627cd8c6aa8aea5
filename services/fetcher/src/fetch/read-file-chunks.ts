import type { ReadDatasetResponse } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { openNoLink } from '@onescan/dataset/no-links.js';

/** Bytes a message: large enough to stream fast, below every gRPC message limit. */
export const CHUNK_BYTES = 1024 * 1024;

/** The bytes of a file, no link, from an offset on, which a broken transfer can take up again. */
export async function* readFileChunks(
  path: string,
  offset: bigint,
): AsyncGenerator<ReadDatasetResponse, void, undefined> {
  const file = await openNoLink(path);
  try {
    const totalBytes = BigInt((await file.stat()).size);
    if (offset > totalBytes) {
      throw new OnescanError(
        'OUT_OF_RANGE',
        `offset ${offset} lies beyond the ${totalBytes} bytes of ${path}`,
      );
    }
    for (let position = offset; position < totalBytes; ) {
      const chunk = Buffer.allocUnsafe(Number(min(BigInt(CHUNK_BYTES), totalBytes - position)));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, Number(position));
      if (bytesRead === 0) throw new OnescanError('DATA_LOSS', `${path} became shorter while it was read`);
      yield { offset: position, chunk: chunk.subarray(0, bytesRead), totalBytes };
      position += BigInt(bytesRead);
    }
  } finally {
    await file.close();
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
