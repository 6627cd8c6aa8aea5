import { type CgroupReader, findCgroup } from './cgroup-memory.js';

/** Memory of this process, in bytes. */
export interface ProcessMemory {
  rssBytes: number;
  /** Working set and limit of the control group (container), where there is one with a limit. */
  cgroupBytes?: number;
  cgroupLimitBytes?: number;
}

let readCgroup: CgroupReader | undefined;

/** Resident set size of the process and, where it is limited, the working set of its control group. */
export function readProcessMemory(): ProcessMemory {
  readCgroup ??= findCgroup();
  const rssBytes = process.memoryUsage.rss();
  const cgroup = readCgroup();
  return cgroup
    ? { rssBytes, cgroupBytes: cgroup.usedBytes, cgroupLimitBytes: cgroup.limitBytes }
    : { rssBytes };
}
