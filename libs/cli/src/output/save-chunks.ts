import { open, rename, rm } from 'node:fs/promises';

/** Writes to a partial file first, so a broken transfer leaves no half file; the number of bytes. */
export async function saveChunks(chunks: AsyncIterable<Buffer>, path: string): Promise<number> {
  const partial = `${path}.partial-${process.pid}`;
  let bytes = 0;
  const file = await open(partial, 'w');
  try {
    for await (const chunk of chunks) {
      // Not write(): on a disk that fills up it writes what fits and says nothing.
      await file.appendFile(chunk);
      bytes += chunk.length;
    }
    await file.close();
    await rename(partial, path);
    return bytes;
  } catch (thrown) {
    await file.close();
    await rm(partial, { force: true });
    throw thrown;
  }
}
