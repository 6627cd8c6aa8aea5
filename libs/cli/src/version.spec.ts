import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { version } from '@onescan/process/version.js';
import { expect, it } from 'vitest';
import { serviceEntry } from '../bin/serve.mjs';

const BIN = fileURLToPath(new URL('../bin/onescan.mjs', import.meta.url));

const say = (entry: string, flag: string): string =>
  execFileSync(process.execPath, [entry, flag], { encoding: 'utf8' });

it('the command says its version and explains its flags', () => {
  expect(say(BIN, '--version')).toBe(`onescan ${version()}\n`);
  expect(say(BIN, '--help')).toMatch(/^usage/i);
});

// Their flags are explained by the same code: libs/process has its spec.
it.each(['fetcher', 'coordinator', 'trainer'] as const)('the %s says its version', (name) => {
  expect(say(serviceEntry(name), '--version')).toBe(`onescan-${name} ${version()}\n`);
});
