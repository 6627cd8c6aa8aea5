import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../workspace.mjs';

let copy;

/** The checkout, with links to what is installed; its packages find each other, not those of the checkout. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'onescan-rpc-'));
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const path of files
    .split('\0')
    .filter((name) => /^(libs|services|proto)\/|^[\w.]+\.(json|yaml)$/.test(name))) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
  const installed = join(ROOT, 'node_modules');
  mkdirSync(join(copy, 'node_modules', '@onescan'), { recursive: true });
  for (const name of readdirSync(installed)) {
    if (name !== '@onescan') symlinkSync(join(installed, name), join(copy, 'node_modules', name));
  }
  for (const folder of ['libs', 'services'])
    for (const name of readdirSync(join(copy, folder)))
      symlinkSync(join(copy, folder, name), join(copy, 'node_modules', '@onescan', name));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Files that the compiler finds wrong. */
function wrongFiles() {
  const projects = ['libs/cli', 'services/coordinator', 'services/fetcher', 'services/trainer'];
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { stdout } = spawnSync(tsc, ['-b', '--pretty', 'false', ...projects], {
    cwd: copy,
    encoding: 'utf8',
  });
  return [
    ...new Set([...stdout.matchAll(/^([\w./-]+\.ts)\(\d+,\d+\): error/gm)].map(([, path]) => path)),
  ].sort();
}

it('an RPC of the coordinator touches the files that CONTRIBUTING.md says, and the compiler asks for each', () => {
  expect(wrongFiles()).toEqual([]);
  const path = join(copy, 'proto/onescan/v1/coordinator.proto');
  const proto = readFileSync(path, 'utf8');
  const method = '  // Answers.\n  rpc Ping(PingRequest) returns (PingResponse);\n';
  const messages =
    '\nmessage PingRequest {\n  string word = 1;\n}\n\nmessage PingResponse {\n  string word = 1;\n}\n';
  writeFileSync(path, proto.replace(/(service CoordinatorService \{\n)/, `$1${method}`) + messages);
  execFileSync(join(ROOT, 'node_modules/.bin/buf'), ['generate'], { cwd: copy, stdio: 'pipe' });

  const [, paragraph] = /\*\*An RPC\*\*([\s\S]*?)\n\n/.exec(
    readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8'),
  );
  const said = [...paragraph.matchAll(/`((?:libs|services)\/[\w./-]+\.ts)`/g)].map(([, file]) => file);
  const ofFetcher = said.filter((file) => /services\/fetcher|\/hub\//.test(file));
  expect(ofFetcher).toHaveLength(2);
  expect(wrongFiles()).toEqual(said.filter((file) => !ofFetcher.includes(file)).sort());
}, 600_000);
