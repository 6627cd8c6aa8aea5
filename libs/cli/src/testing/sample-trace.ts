import type { OtlpTraces } from '@onescan/process/telemetry/otlp-json.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const START_NS = 1_796_000_000_000_000_000n;

interface SampleSpan {
  readonly id: string;
  readonly parent?: string;
  readonly name: string;
  readonly service: string;
  /** In seconds since the run's start. */
  readonly from: number;
  readonly to: number;
  readonly attributes?: Readonly<Record<string, string | number>>;
  readonly failed?: string;
}

const HORIZON = { 'onescan.pair': 'eurusd', 'onescan.horizon': 15, 'onescan.trainer.id': 'trainer-1' };

/** A run of one horizon whose first attempt was lost, as its file of spans tells it. */
const SPANS: readonly SampleSpan[] = [
  { id: '1', name: 'run', service: 'onescan-coordinator', from: 0, to: 100 },
  {
    id: '2',
    parent: '1',
    name: 'train_pair',
    service: 'onescan-coordinator',
    from: 20,
    to: 100,
    attributes: { 'onescan.pair': 'eurusd' },
  },
  {
    id: '3',
    parent: '2',
    name: 'horizon',
    service: 'onescan-coordinator',
    from: 20,
    to: 40,
    attributes: { ...HORIZON, 'onescan.attempt': 1 },
    failed: 'trainer-1 fell silent',
  },
  { id: '4', parent: '3', name: 'select', service: 'onescan-trainer', from: 21, to: 30 },
  {
    id: '5',
    parent: '2',
    name: 'horizon',
    service: 'onescan-coordinator',
    from: 40,
    to: 100,
    attributes: { ...HORIZON, 'onescan.attempt': 2 },
  },
  { id: '6', parent: '1', name: 'plan', service: 'onescan-coordinator', from: 0, to: 1.25 },
];

/** The document that GetTrace sends for it. */
export function sampleTrace(): OtlpTraces {
  return {
    resourceSpans: SPANS.map(({ id, parent, name, service, from, to, attributes = {}, failed }) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [
        {
          spans: [
            {
              ...{ traceId: TRACE, spanId: id.padStart(16, '0'), name, kind: 1 },
              ...(parent === undefined ? {} : { parentSpanId: parent.padStart(16, '0') }),
              ...{ startTimeUnixNano: at(from), endTimeUnixNano: at(to) },
              attributes: Object.entries(attributes).map(([key, value]) => ({
                key,
                value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
              })),
              ...{ droppedAttributesCount: 0, events: [], links: [] },
              status: failed === undefined ? {} : { code: 2, message: failed },
            },
          ],
        },
      ],
    })),
  };
}

function at(seconds: number): string {
  return String(START_NS + BigInt(Math.round(seconds * 1e9)));
}
