import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Memory of a control group that has a limit, in bytes. */
export interface CgroupMemory {
  /** Working set: what is in use without the file pages that the kernel would drop first. */
  usedBytes: number;
  limitBytes: number;
}

/** Reads the memory of a process's control group; undefined where there is none with a limit. */
export type CgroupReader = () => CgroupMemory | undefined;

/** The files of one version of control groups, and the field of `memory.stat` with pages that can be dropped. */
interface Controller {
  mount: string;
  /** The group's path in a line of /proc/self/cgroup; undefined when the line is of another controller. */
  group(line: string): string | undefined;
  use: string;
  limit: string;
  droppable: string;
}

/** Version 2 (one hierarchy, "0::/path") and version 1 ("4:memory:/path"). */
const CONTROLLERS: readonly Controller[] = [
  {
    mount: 'sys/fs/cgroup',
    group: (line) => /^0::(\/.*)$/.exec(line)?.[1],
    use: 'memory.current',
    limit: 'memory.max',
    droppable: 'inactive_file',
  },
  {
    mount: 'sys/fs/cgroup/memory',
    group: (line) => /^\d+:(?:\w+,)*memory(?:,\w+)*:(\/.*)$/.exec(line)?.[1],
    use: 'memory.usage_in_bytes',
    limit: 'memory.limit_in_bytes',
    droppable: 'total_inactive_file',
  },
];

/** Version 1 writes a huge number for "no limit", version 2 the word "max". */
const NO_LIMIT_BYTES = 2 ** 60;

/**
 * Finds the control groups that this process is in, from its own up to the root, and returns a reader of the
 * one with the lowest limit. The working set is what kubelet evicts by: use - inactive file pages (Kubernetes,
 * "Node-pressure eviction"). Inside a container without a namespace of its own the path of the group is the
 * host's and is not there: the mount itself is the container's group then.
 *
 * @param root folder in which `proc` and `sys` are looked for; tests put their own there
 */
export function findCgroup(root = '/'): CgroupReader {
  const groups = CONTROLLERS.flatMap((controller) =>
    foldersOf(root, controller).map((folder) => ({ folder, controller })),
  );
  return () => {
    const limited = groups
      .map((group) => ({ ...group, limitBytes: readNumber(join(group.folder, group.controller.limit)) }))
      .filter(({ limitBytes }) => limitBytes !== undefined && limitBytes < NO_LIMIT_BYTES)
      .sort((a, b) => a.limitBytes! - b.limitBytes!);
    const [tightest] = limited;
    const usedBytes = tightest && workingSet(tightest.folder, tightest.controller);
    return usedBytes === undefined ? undefined : { usedBytes, limitBytes: tightest!.limitBytes! };
  };
}

/** Folders of the process's group and its parents that have a limit file. */
function foldersOf(root: string, { mount, group, limit }: Controller): string[] {
  const top = join(root, mount);
  const lines = (readText(join(root, 'proc/self/cgroup')) ?? '').split('\n');
  const path = lines.map(group).find((found) => found !== undefined) ?? '/';
  const own = existsSync(join(top, path)) ? join(top, path) : top;
  const folders: string[] = [];
  for (let folder = own; folder.length >= top.length; folder = dirname(folder)) {
    if (existsSync(join(folder, limit))) folders.push(folder);
  }
  return folders;
}

function workingSet(folder: string, { use, droppable }: Controller): number | undefined {
  const used = readNumber(join(folder, use));
  if (used === undefined) return undefined;
  const stat = readText(join(folder, 'memory.stat')) ?? '';
  const dropped = Number(new RegExp(`^${droppable} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
  return Math.max(0, used - dropped);
}

function readNumber(file: string): number | undefined {
  const text = readText(file)?.trim();
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
