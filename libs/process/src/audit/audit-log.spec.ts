import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { canMount, SmallDisk } from '../testing/small-disk.js';
import { AUDIT_FILE, type AuditEntry, AuditLog } from './audit-log.js';
import { verifyAuditLog } from './verify-audit-log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const START: AuditEntry = {
  who: 'alice',
  by: 'certificate',
  action: 'StartRun',
  outcome: 'asked',
  facts: { budgetUsd: 1.5 },
};

const path = (): string => join(folder, AUDIT_FILE);
const lines = (): Record<string, unknown>[] =>
  readFileSync(path(), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

it('writes who asked what and when, for its owner alone, each entry with the hash of the one before', () => {
  const log = new AuditLog(folder, { clock: () => 0 });
  const of = log.append(START);
  log.append({ ...START, outcome: 'done', of, facts: { run: 'r1' } });
  log.close();
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  const [asked, done] = lines();
  expect(asked).toEqual({
    sequence: 1,
    time: '1970-01-01T00:00:00.000Z',
    who: 'alice',
    by: 'certificate',
    action: 'StartRun',
    outcome: 'asked',
    budgetUsd: 1.5,
    previous: '0'.repeat(64),
  });
  expect(done).toMatchObject({ sequence: 2, outcome: 'done', of: 1, run: 'r1' });
  expect(verifyAuditLog(folder)).toEqual({ entries: 2, broken: [] });
});

it('goes on where it ended, also behind half an entry', () => {
  const first = new AuditLog(folder);
  first.append(START);
  first.close();
  appendFileSync(path(), '{"sequence":2,"half');
  const second = new AuditLog(folder);
  expect(second.append(START)).toBe(2);
  second.close();
  expect(verifyAuditLog(folder)).toEqual({ entries: 2, broken: [] });
});

it('shows what was changed, and what was taken out', () => {
  const log = new AuditLog(folder);
  for (let i = 0; i < 5; i++) log.append(START);
  log.close();
  const whole = readFileSync(path(), 'utf8');
  writeFileSync(path(), whole.replace('"sequence":2,"time"', '"sequence":2,"when"'));
  expect(verifyAuditLog(folder).broken).toEqual([`${AUDIT_FILE}:3`]);
  const without = whole.split('\n').filter((_line, i) => i !== 2);
  writeFileSync(path(), without.join('\n'));
  expect(verifyAuditLog(folder).broken).toEqual([`${AUDIT_FILE}:3`]);
});

it('keeps the chain over full files, and the newest of them', () => {
  const options = { fileBytes: 1_000, filesKept: 3 };
  for (let round = 0; round < 4; round++) {
    const log = new AuditLog(folder, options);
    for (let i = 0; i < 10; i++) log.append(START);
    log.close();
  }
  const files = readdirSync(folder).sort();
  expect(files).toHaveLength(4);
  expect(files).toContain(AUDIT_FILE);
  expect(lines().at(-1)).toMatchObject({ sequence: 40 });
  expect(verifyAuditLog(folder).broken).toEqual([]);
  // Killed between two files.
  rmSync(path());
  const log = new AuditLog(folder, options);
  const sequence = log.append(START);
  log.close();
  expect(sequence).toBeGreaterThan(36);
  expect(verifyAuditLog(folder).broken).toEqual([]);
});

it('holds no text that steers a terminal, and none without end', () => {
  const log = new AuditLog(folder);
  log.append({ ...START, who: `\u001b[31m${'x'.repeat(100_000)}`, facts: { reason: '\u202eabc\nd' } });
  log.close();
  const [{ who }] = lines() as [{ who: string }];
  expect(who.length).toBeLessThanOrEqual(512);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(readFileSync(path(), 'utf8')).not.toMatch(/\u001b|\u202e/);
});

it('is not led elsewhere by a link', () => {
  symlinkSync(join(folder, 'elsewhere'), path());
  expect(() => new AuditLog(folder)).toThrow(/is a link/);
});

it('every entry that was acknowledged is there after kill -9', async () => {
  const script = `
    import { AuditLog } from ${JSON.stringify(new URL('../../dist/audit/audit-log.js', import.meta.url).href)};
    const log = new AuditLog(${JSON.stringify(folder)});
    for (;;) process.stdout.write(log.append(${JSON.stringify(START)}) + '\\n');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.length > 200) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = Number(said.split('\n').at(-2));
  expect(acknowledged).toBeGreaterThan(10);
  const log = new AuditLog(folder);
  expect(log.append(START)).toBeGreaterThan(acknowledged);
  log.close();
  expect(verifyAuditLog(folder).broken).toEqual([]);
});

it('a file that was cut off by hand starts anew behind what is left', () => {
  const log = new AuditLog(folder);
  log.append(START);
  log.append(START);
  log.close();
  truncateSync(path(), statSync(path()).size - 5);
  const again = new AuditLog(folder);
  expect(again.append(START)).toBe(2);
  again.close();
  expect(verifyAuditLog(folder)).toEqual({ entries: 2, broken: [] });
});

it.skipIf(!canMount())('refuses what a full disk cannot hold, leaves no half entry, and goes on', () => {
  const disk = new SmallDisk(1);
  try {
    const log = new AuditLog(disk.folder);
    log.append(START);
    disk.fill(0);
    const write = (): void => {
      for (let i = 0; i < 100; i++) log.append(START);
    };
    expect(write).toThrow(/the audit log in .* cannot be written/);
    disk.free();
    log.append(START);
    log.close();
    const { entries, broken } = verifyAuditLog(disk.folder);
    expect(broken).toEqual([]);
    expect(entries).toBeGreaterThan(1);
  } finally {
    disk.remove();
  }
});
