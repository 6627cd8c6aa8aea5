import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group with a memory limit, for processes that a test starts. */
export interface ControlGroup {
  /** Command that starts another one in the group. */
  readonly prefix: readonly string[];
  /** Whether the kernel has killed a process of the group for want of memory. */
  killed(): boolean;
  remove(): void;
}

const KINDS = [
  { top: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
  { top: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
];

/** Creates a control group; undefined where this process may not. */
export function createControlGroup(limitBytes: number): ControlGroup | undefined {
  for (const { top, limit, events } of KINDS) {
    const folder = join(top, `onescan-test-${process.pid}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    try {
      writeFileSync(join(folder, limit), String(limitBytes));
      return {
        prefix: ['/bin/sh', '-c', `echo $$ > ${join(folder, 'cgroup.procs')} && exec "$@"`, 'sh'],
        killed: () => /^oom_kill [1-9]/m.test(readFileSync(join(folder, events), 'utf8')),
        remove: () => rmdirSync(folder),
      };
    } catch {
      rmdirSync(folder);
    }
  }
  return undefined;
}
