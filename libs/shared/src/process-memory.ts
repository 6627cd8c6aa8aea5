import { readFileSync } from 'node:fs';

/** Memory of this process, in bytes. */
export interface ProcessMemory {
  rssBytes: number;
  /** Use and limit of the cgroup, where there is one with a limit. */
  cgroupBytes?: number;
  cgroupLimitBytes?: number;
}

/** cgroup v2 and v1 files: current use and limit. */
const CGROUP_FILES = [
  ['/sys/fs/cgroup/memory.current', '/sys/fs/cgroup/memory.max'],
  ['/sys/fs/cgroup/memory/memory.usage_in_bytes', '/sys/fs/cgroup/memory/memory.limit_in_bytes'],
] as const;

/** cgroup v1 writes a huge number for "no limit". */
const NO_LIMIT_BYTES = 2 ** 60;

/** Resident set size of the process and, where it is limited, the use of its cgroup. */
export function readProcessMemory(): ProcessMemory {
  const rssBytes = process.memoryUsage.rss();
  for (const [useFile, limitFile] of CGROUP_FILES) {
    const limit = readNumber(limitFile);
    const use = readNumber(useFile);
    if (limit === undefined || use === undefined || limit >= NO_LIMIT_BYTES) continue;
    return { rssBytes, cgroupBytes: use, cgroupLimitBytes: limit };
  }
  return { rssBytes };
}

function readNumber(file: string): number | undefined {
  try {
    const value = Number(readFileSync(file, 'utf8').trim());
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
