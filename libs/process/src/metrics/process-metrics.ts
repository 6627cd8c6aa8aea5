import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LOSSES } from '../telemetry/losses.js';
import type { Instruments } from './instruments.js';
import type { MetricTable } from './metric-table.js';

/** What every process measures of itself; docs/metrics.md holds the same table. */
export const PROCESS_METRICS = {
  'onescan.process.memory_bytes': { kind: 'gauge', unit: 'By', doc: 'resident memory of the process' },
  'onescan.process.memory.limit_bytes': {
    kind: 'gauge',
    unit: 'By',
    doc: 'what it may take: its flag or the limit of its container, whichever is less; absent where there is neither',
  },
  'onescan.event_loop.delay_seconds': {
    kind: 'gauge',
    unit: 's',
    doc: 'the 99th percentile of how late the event loop was since the last reading',
  },
  'onescan.spans.dropped': {
    kind: 'counter',
    unit: '{span}',
    doc: 'spans that a collector did not take, or that are missing in the file of their run',
    attributes: { destination: ['collector', 'run_file'] },
  },
  'onescan.log.lines.dropped': {
    kind: 'counter',
    unit: '{line}',
    doc: 'lines of the log that could not be written',
  },
} as const satisfies MetricTable;

const NS_PER_S = 1e9;

/**
 * Measures the process that it is called in.
 *
 * @param limitBytes what its memory is held against; undefined for no limit
 */
export function recordProcess(
  instruments: Instruments<typeof PROCESS_METRICS>,
  limitBytes: () => number | undefined,
): void {
  instruments.observe('onescan.process.memory_bytes', () => [[process.memoryUsage.rss()]]);
  instruments.observe('onescan.process.memory.limit_bytes', () => {
    const limit = limitBytes();
    return limit === undefined || !Number.isFinite(limit) ? [] : [[limit]];
  });
  const delay = monitorEventLoopDelay();
  delay.enable();
  instruments.observe('onescan.event_loop.delay_seconds', () => {
    const seconds = delay.percentile(99) / NS_PER_S;
    delay.reset();
    return [[seconds]];
  });
  instruments.observe('onescan.spans.dropped', () => [
    [LOSSES.collector, { destination: 'collector' }],
    [LOSSES.runFile, { destination: 'run_file' }],
  ]);
  instruments.observe('onescan.log.lines.dropped', () => [[LOSSES.logLines]]);
}
