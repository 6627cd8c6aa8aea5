import { OnescanError } from '@onescan/contract/onescan-error.js';

/** Error for a file that is not, or no longer, a readable dataset; names the file and what to do. */
export function damagedDataset(path: string, problem: string, cause?: unknown): OnescanError {
  return new OnescanError('DATA_LOSS', `dataset file ${path} is damaged: ${problem}`, {
    remedy:
      'Check it with `onescan cache verify`, remove it with `onescan cache evict`, then run again to fetch it anew',
    details: { path },
    cause,
  });
}

/** Runs `read`; whatever DuckDB says about the file becomes {@link damagedDataset}. */
export async function readOrDamaged<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') throw OnescanError.from(thrown);
    if (thrown instanceof OnescanError && thrown.code !== 'DATA_LOSS') throw thrown;
    if (thrown instanceof OnescanError && thrown.details.path === path) throw thrown;
    throw damagedDataset(path, firstLine(thrown), thrown);
  }
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0]!.slice(0, 300);
}
