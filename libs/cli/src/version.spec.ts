import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { version } from '@onescan/process/version.js';
import { describe, expect, it } from 'vitest';
import { serviceEntry } from '../bin/serve.mjs';

const BIN = fileURLToPath(new URL('../bin/onescan.mjs', import.meta.url));
const PROGRAMS: readonly (readonly [string, string])[] = [
  ['onescan', BIN],
  ...(['fetcher', 'coordinator', 'trainer'] as const).map(
    (name) => [`onescan-${name}`, serviceEntry(name)] as const,
  ),
];

describe.each(PROGRAMS)('%s', (name, entry) => {
  it('says its version', () => {
    const printed = execFileSync(process.execPath, [entry, '--version'], { encoding: 'utf8' });
    expect(printed).toBe(`${name} ${version()}\n`);
  });

  it('explains its flags', () => {
    expect(execFileSync(process.execPath, [entry, '--help'], { encoding: 'utf8' })).toMatch(/^usage/i);
  });
});
