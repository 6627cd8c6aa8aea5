import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCgroup } from './cgroup-memory.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function group(folder: string, use: number, limit: string, stat: string): void {
  const second = !folder.includes('/memory');
  put(`${folder}/${second ? 'memory.current' : 'memory.usage_in_bytes'}`, `${use}\n`);
  put(`${folder}/${second ? 'memory.max' : 'memory.limit_in_bytes'}`, `${limit}\n`);
  put(`${folder}/memory.stat`, stat);
}

test('version 2: the group of the process, without the file pages that would be dropped first', () => {
  put('proc/self/cgroup', '0::/system.slice/onescan.service\n');
  group('sys/fs/cgroup/system.slice/onescan.service', 900, '1000', 'anon 500\ninactive_file 300\n');
  expect(findCgroup(root)()).toEqual({ usedBytes: 600, limitBytes: 1000 });
});

test('version 2: a parent with a lower limit counts, with what all its children use', () => {
  put('proc/self/cgroup', '0::/pod/trainer\n');
  group('sys/fs/cgroup/pod', 700, '800', 'inactive_file 0\n');
  group('sys/fs/cgroup/pod/trainer', 100, '1000', 'inactive_file 0\n');
  expect(findCgroup(root)()).toEqual({ usedBytes: 700, limitBytes: 800 });
});

test('version 1: its own files and its word for no limit', () => {
  put('proc/self/cgroup', '9:name=systemd:/\n4:memory:/docker/abc\n0::/\n');
  group('sys/fs/cgroup/memory/docker/abc', 500, '2000', 'inactive_file 1\ntotal_inactive_file 100\n');
  group('sys/fs/cgroup/memory', 9000, '9223372036854771712', '');
  expect(findCgroup(root)()).toEqual({ usedBytes: 400, limitBytes: 2000 });
});

test('in a container that sees the path of its host, the mount itself is the group', () => {
  put('proc/self/cgroup', '4:memory:/docker/abc\n');
  group('sys/fs/cgroup/memory', 300, '700', '');
  expect(findCgroup(root)()).toEqual({ usedBytes: 300, limitBytes: 700 });
});

test('without a limit, and without control groups at all, there is nothing to watch', () => {
  expect(findCgroup(root)()).toBeUndefined();
  put('proc/self/cgroup', '0::/\n');
  group('sys/fs/cgroup', 300, 'max', '');
  expect(findCgroup(root)()).toBeUndefined();
});
