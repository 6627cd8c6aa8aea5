import { readFileSync } from 'node:fs';
import { type Run, RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { DEFAULT_HORIZONS } from '@onescan/contract/horizon.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import { ATTRIBUTE, SPAN } from '@onescan/process/telemetry/attributes.js';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findJaeger, Jaeger, type JaegerSpan, type JaegerTrace } from '../jaeger.js';
import { finishRun, quickSpec, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

const PAGE = new URL('../../../docs/traces.md', import.meta.url);
const path = findJaeger();
if (!path) process.stderr.write('Jaeger is not tried: set JAEGER_BIN, or install Go\n');

describe.skipIf(!path)('a run of 2 x 7 with a trainer killed, and a rerun, in a real Jaeger', () => {
  let jaeger: Jaeger;
  let run: Run;
  let rerun: Run;
  let trace: JaegerTrace;
  let kept: string;

  beforeAll(async () => {
    jaeger = await Jaeger.start(path!);
    const stack = await Stack.start({
      warehouse: WAREHOUSE,
      trainers: 2,
      env: jaeger.env,
      coordinatorFlags: ['--lease-ms', '3000'],
    });
    try {
      const runId = await startRun(stack, quickSpec({ horizons: DEFAULT_HORIZONS, sample: { rows: 2000 } }));
      let isKilled = false;
      run = await finishRun(stack, runId, ({ event }) => {
        if (isKilled || event?.$case !== 'task') return;
        const { state, trainerId, stage } = event.value;
        if (state !== TaskState.TASK_STATE_LEASED || stage !== 'select') return;
        isKilled = true;
        stack.trainers[trainerId === 'trainer-1' ? 0 : 1]!.kill('SIGKILL');
        stack.addTrainer({ id: 'trainer-3' });
      });
      expect(run.state, run.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
      rerun = await finishRun(stack, await startRun(stack, undefined, runId));
      const chunks: Buffer[] = [];
      const { coordinator } = stack;
      for await (const { chunk } of callServerStream(coordinator, coordinator.getTrace, { runId }))
        chunks.push(chunk);
      kept = Buffer.concat(chunks).toString();
    } finally {
      await stack.stop();
    }
    trace = await vi.waitFor(
      async () => {
        const found = await jaeger.trace(run.traceId);
        expect(found.spans.length).toBeGreaterThan(80);
        return found;
      },
      { timeout: 20_000, interval: 500 },
    );
  }, 600_000);
  afterAll(() => jaeger?.stop());

  const tagOf = (span: JaegerSpan, key: string): unknown => span.tags.find((tag) => tag.key === key)?.value;
  const named = (name: string): JaegerSpan[] =>
    trace.spans.filter(({ operationName }) => operationName === name);
  const parentOf = (span: JaegerSpan): string | undefined =>
    span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;

  test('services and the edges between them', async () => {
    expect(await jaeger.services()).toEqual(
      expect.arrayContaining(['onescan-coordinator', 'onescan-fetcher', 'onescan-trainer']),
    );
    await expect
      .poll(async () => (await jaeger.edges()).map(({ parent, child }) => `${parent} > ${child}`).sort())
      .toEqual(['onescan-coordinator > onescan-fetcher', 'onescan-coordinator > onescan-trainer']);
  });

  test('no orphans and no warnings; one root', () => {
    const ids = new Set(trace.spans.map(({ spanID }) => spanID));
    expect(ids.size).toBe(trace.spans.length);
    expect(trace.spans.filter((span) => !parentOf(span)).map(({ operationName }) => operationName)).toEqual([
      SPAN.run,
    ]);
    expect(trace.spans.filter((span) => parentOf(span) && !ids.has(parentOf(span)!))).toEqual([]);
    const warned = trace.spans.flatMap(({ operationName, tags, warnings }) =>
      (warnings ?? []).map((warning) => [operationName, warning, tags]),
    );
    expect([trace.warnings ?? [], warned]).toEqual([[], []]);
  });

  test('seven horizons a pair, each with its stages; the lost attempt is there, and linked to', () => {
    for (const pair of run.spec!.pairs) {
      const horizons = named(SPAN.horizon).filter((span) => tagOf(span, ATTRIBUTE.pair) === pair);
      const done = horizons.filter((span) => tagOf(span, ATTRIBUTE.outcome) === 'DONE');
      expect(done.map((span) => Number(tagOf(span, ATTRIBUTE.horizon))).sort((a, b) => a - b)).toEqual(
        DEFAULT_HORIZONS,
      );
      for (const { spanID } of done) {
        const stages = trace.spans
          .filter((span) => parentOf(span) === spanID)
          .map(({ operationName }) => operationName);
        expect(stages).toEqual(expect.arrayContaining([SPAN.prune, SPAN.select, SPAN.model, SPAN.explain]));
      }
    }
    const [lost, ...others] = named(SPAN.horizon).filter((span) => tagOf(span, ATTRIBUTE.outcome) === 'LOST');
    expect(others).toEqual([]);
    expect(tagOf(lost!, 'error')).toBe(true);
    expect(tagOf(lost!, ATTRIBUTE.lastStage)).toMatch(/^(load|prune|select|model|explain)$/);
    const again = named(SPAN.horizon).filter((span) => tagOf(span, ATTRIBUTE.attempt) === 2);
    expect(again).toHaveLength(1);
    expect(again[0]!.references).toContainEqual(
      expect.objectContaining({ refType: 'FOLLOWS_FROM', spanID: lost!.spanID }),
    );
    const attempts = run.tasks.flatMap((task) => task.attempts.map(({ spanId }) => spanId));
    expect(
      named(SPAN.horizon)
        .map(({ spanID }) => spanID)
        .sort(),
    ).toEqual(attempts.sort());
  });

  test('every query of docs/traces.md has its answer', async () => {
    const rows = [
      ...readFileSync(PAGE, 'utf8').matchAll(/^\| [^|]+ \| (onescan-\w+) \| (\w*) ?\| `([^|]+)` \|$/gm),
    ];
    expect(rows).toHaveLength(9);
    for (const [row, service, operation, tags] of rows) {
      const wanted = Object.fromEntries(
        [...tags!.replace('=RUN', `=${run.runId}`).matchAll(/([\w.]+)=("[^"]*"|\S+)/g)].map(
          ([, key, value]) => [key!, value!.replaceAll('"', '')],
        ),
      );
      const found = await jaeger.find(service!, operation!, wanted);
      const isOfRerun = tags!.includes('rerun_of');
      expect(
        found.map(({ traceID }) => traceID),
        row,
      ).toContain(isOfRerun ? rerun.traceId : run.traceId);
      const hits = found.flatMap(({ spans }) =>
        spans.filter((span) =>
          Object.entries(wanted).every(([key, value]) => String(tagOf(span, key)) === value),
        ),
      );
      expect(hits.length, row).toBeGreaterThan(0);
    }
    const nobody = await jaeger.find('onescan-coordinator', 'horizon', { 'onescan.pair': 'nzdchf' });
    expect(nobody).toEqual([]);
  });

  test('the page of the trace is there, and the kept file opens in it', async () => {
    expect(await jaeger.page(run.traceId)).toBe(200);
    const [uploaded] = await jaeger.upload(kept);
    const names = (spans: readonly JaegerSpan[]): string[] =>
      spans.map(({ operationName }) => operationName).sort();
    expect(uploaded!.traceID).toBe(run.traceId);
    // All but what the killed trainer had not handed over.
    const missing = names(trace.spans).length - names(uploaded!.spans).length;
    expect(missing).toBeGreaterThanOrEqual(0);
    expect(missing).toBeLessThanOrEqual(5);
  });
});
