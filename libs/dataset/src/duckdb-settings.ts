import { dirname } from 'node:path';

/**
 * Settings for every DuckDB instance that touches a dataset file: bounded buffers, spill
 * files beside the data. The buffer limit is not a limit of the process.
 */
export function duckdbSettings(options: {
  path: string;
  memoryLimit: string;
  threads: number;
}): Record<string, string> {
  return {
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    temp_directory: `${dirname(options.path)}/.duckdb-tmp-${process.pid}`,
  };
}
