import {
  type DiscoverySchemas,
  findRecordings,
} from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-recordings.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BigQueryStack } from '../bigquery/bigquery-stack.js';
import { schemaProblems } from './answer-conformance.js';

const FOLDER = findRecordings();

const SCHEMAS: DiscoverySchemas = {
  Job: {
    type: 'object',
    properties: {
      state: { type: 'string', enum: ['DONE'] },
      bytes: { type: 'string', format: 'int64' },
      slots: { type: 'integer', format: 'int32' },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      parts: { type: 'array', items: { $ref: 'Part' } },
      value: { type: 'any' },
    },
  },
  Part: { type: 'object', properties: { done: { type: 'boolean' } } },
};

it.each<[unknown, string[]]>([
  [{ state: 'DONE', bytes: '9', slots: 1, labels: { a: 'b' }, parts: [{ done: true }], value: [1] }, []],
  [{ bytes: 9 }, ['.bytes is number, not string']],
  [{ bytes: '9.5' }, ['.bytes is no int64']],
  [{ slots: '1' }, ['.slots is string, not integer']],
  [{ slots: 1.5 }, ['.slots is no integer']],
  [{ state: 'OVER' }, ['.state is OVER']],
  [{ labels: { a: 1 } }, ['.labels.a is number, not string']],
  [{ parts: [{ done: true }, { over: true }] }, ['.parts[1].over is not known']],
  [{ parts: null }, ['.parts is null, not array']],
])('says what is not as the discovery document has it: %j', (value, problems) => {
  expect(schemaProblems(SCHEMAS, { $ref: 'Job' }, value, '')).toEqual(problems);
});

describe.skipIf(FOLDER === undefined)('the answers of the fake', () => {
  let stack: BigQueryStack;
  beforeAll(async () => {
    stack = await BigQueryStack.start({ variationSeed: undefined });
  });
  afterAll(() => stack.stop());

  it('have the shape of recorded ones, of every kind that the client meets', async () => {
    const { statement, bytes } = await planned();
    const { batches } = await stack.bigQuery.run(statement, { jobId: 'shape', maximumBytesBilled: bytes });
    for await (const _ of batches);
    stack.fake.inject({ on: 'insert', kind: 'stuck' });
    const stuck = await stack.bigQuery.run(statement, { jobId: 'stuck', maximumBytesBilled: bytes });
    expect(await stack.bigQuery.billedBy('stuck')).toBeUndefined();
    await stack.fake.release();
    for await (const _ of stuck.batches);
    const wrong = { ...statement, sql: 'SELECT none FROM `bqx-ml`.`bqx_ml_v3_features_v2`.`none`' };
    const refused = await stack.bigQuery.run(wrong, { jobId: 'refused', maximumBytesBilled: bytes });
    await expect(refused.batches[Symbol.asyncIterator]().next()).rejects.toThrow('none');
    expect(await stack.bigQuery.hasResult('shape')).toBe(true);
    expect(await stack.bigQuery.hasResult('never')).toBe(false);
    const kinds = ['dry run', 'job RUNNING', 'job DONE', 'job refused', 'result', 'table', 'error'];
    for (const kind of kinds) expect(stack.conformance!.checked.get(kind), kind).toBeGreaterThan(0);
    expect([...stack.conformance!.problems]).toEqual([]);
  });

  async function planned() {
    const { statement } = await stack.planOne(stack.bigQuery);
    return { statement, bytes: (await stack.bigQuery.dryRun(statement)).bytes };
  }
});
