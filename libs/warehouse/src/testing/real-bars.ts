import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of real bars beside a checkout (`shared/data/fx/m5`), or undefined where there is none. */
export function findRealBars(interval: 'm5' | 'm15'): string | undefined {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (dirname(directory) !== directory) {
    directory = dirname(directory);
    const candidate = join(directory, 'shared', 'data', 'fx', interval);
    if (existsSync(candidate)) return candidate;
  }
  return undefined;
}
