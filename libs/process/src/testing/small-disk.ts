import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MIB = 1024 ** 2;

/** A tmpfs of a given size, for tests that may mount. */
export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), 'onescan-small-disk-'));

  #covers = 0;

  /** @throws Error when this process may not mount */
  constructor(mib: number) {
    try {
      mount('-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', this.folder);
    } catch (thrown) {
      rmSync(this.folder, { recursive: true });
      throw thrown;
    }
  }

  /** Writes a file that leaves only so much room. */
  fill(leaveMib: number): void {
    const { bavail, bsize } = statfsSync(this.folder);
    const bytes = Math.max(0, bavail * bsize - leaveMib * MIB);
    writeFileSync(join(this.folder, 'filler'), Buffer.alloc(bytes));
  }

  /** Removes what {@link fill} wrote. */
  free(): void {
    rmSync(join(this.folder, 'filler'), { force: true });
  }

  resize(mib: number): void {
    mount('-o', `remount,size=${mib}m`, this.folder);
  }

  readOnly(): void {
    mount('-o', 'remount,ro', this.folder);
  }

  /** Puts the same files over the folder, not to be written: for processes that have some of them open. */
  coverReadOnly(): void {
    mount('--bind', this.folder, this.folder);
    this.#covers++;
    mount('-o', 'remount,bind,ro', this.folder);
  }

  remove(): void {
    for (; this.#covers >= 0; this.#covers--) execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}

/** True where a tmpfs can be mounted: Linux, as root or in a container that may. */
export function canMount(): boolean {
  try {
    new SmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'ignore' });
}
