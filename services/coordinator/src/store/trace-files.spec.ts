import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MOST_TRACE_BYTES, TRACE_FILE, TraceFiles } from './trace-files.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
let stateDir: string;
let files: TraceFiles;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'onescan-traces-'));
  files = new TraceFiles(stateDir);
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const span = (fields: object) => ({
  ...{ traceId: TRACE, spanId: '00f067aa0ba902b7', name: 'select', kind: 1 },
  ...{ startTimeUnixNano: '1796000000000000000', endTimeUnixNano: '1796000001000000000', ...fields },
});
const document = (...spans: object[]) => ({
  resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ spans }] }],
});
const read = () => JSON.parse(Buffer.concat([...files.read('r1')]).toString());
const path = () => join(stateDir, 'runs', 'r1', TRACE_FILE);

test('spans that come one after the other are one document, without a line that was torn', () => {
  files.append('r1', TRACE, bytes(document(span({ name: 'select' }))));
  files.append('r1', TRACE, new Uint8Array());
  appendFileSync(path(), '{"resourceSpans":[{"res\n');
  files.append('r1', TRACE, bytes(document(span({ name: 'model', unknown: 1 }))));
  const names = read().resourceSpans.map((resource: ReturnType<typeof document>['resourceSpans'][0]) =>
    resource.scopeSpans[0]!.spans.map((each) => (each as { name: string }).name),
  );
  expect(names).toEqual([['select'], ['model']]);
  expect(readFileSync(path(), 'utf8')).not.toContain('unknown');
});

test.each([
  ['no JSON', Buffer.from('{'), /no JSON/],
  ['another trace', bytes(document(span({ traceId: 'b'.repeat(32) }))), /another trace/],
  ['an id that is none', bytes(document(span({ spanId: '../..' }))), /spanId/],
  ['a name without end', bytes(document(span({ name: 'x'.repeat(300) }))), /name/],
  ['too many', bytes(document(...Array.from({ length: 2_001 }, () => span({})))), /spans/],
  ['too much', Buffer.alloc(2 ** 20 + 1, 32), /at most 1048576/],
])('what is not valid is not stored: %s', (_, spans, problem) => {
  expect(() => files.append('r1', TRACE, spans)).toThrow(problem);
  expect(() => read()).toThrow(/has no spans/);
});

test('a file grows no further than its bound', () => {
  files.append('r1', TRACE, bytes(document(span({}))));
  writeFileSync(path(), `${' '.repeat(MOST_TRACE_BYTES - 10)}\n`);
  expect(() => files.append('r1', TRACE, bytes(document(span({}))))).toThrow(/more than 16777216 bytes/);
});
