import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What a process holds of the machine. */
export interface ProcessFigures {
  readonly rssMib: number;
  /** Open files, sockets and pipes; the modules that a thread loads as it begins apart. */
  readonly handles: number;
  readonly threads: number;
  /** Time that it has computed for since it was started. */
  readonly cpuSeconds: number;
}

/** Ticks of /proc are hundredths of a second on every Linux. */
const TICKS_PER_SECOND = 100;

/** Figures of processes are those of Linux's /proc. */
export const CAN_MEASURE = existsSync('/proc/self/fd');

/** @throws when the process has ended */
export function processFigures(pid: number): ProcessFigures {
  const memory = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  // The fields behind the command, which may hold spaces: user and system time are the 14th and 15th of all.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  const [user, system] = fields.slice(11, 13);
  return {
    rssMib: Math.round(Number(memory?.[1]) / 1024),
    handles: openHandles(pid),
    threads: readdirSync(`/proc/${pid}/task`).length,
    cpuSeconds: (Number(user) + Number(system)) / TICKS_PER_SECOND,
  };
}

function openHandles(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((handle) => {
    try {
      return !readlinkSync(join(folder, handle)).endsWith('.js');
    } catch {
      // Closed since.
      return false;
    }
  }).length;
}
