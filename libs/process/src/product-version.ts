import { readFileSync } from 'node:fs';

/** Version of this build of Onescan, the same for all of its packages. */
export const PRODUCT_VERSION: string = readVersion();

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
