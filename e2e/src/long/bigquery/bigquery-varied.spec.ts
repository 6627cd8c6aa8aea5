import { openDataset } from '@onescan/dataset/open-dataset.js';
import { expect, it } from 'vitest';
import { BigQueryStack } from '../../bigquery/bigquery-stack.js';
import { AnswerVariation } from '../../fake-bigquery/answer-variation.js';

/** Others at a time: `ONESCAN_FAKE_SEED=N npx vitest run --config vitest.long.config.ts bigquery/` in e2e. */
const SEEDS = process.env.ONESCAN_FAKE_SEED ? [Number(process.env.ONESCAN_FAKE_SEED)] : [1];

it.each(SEEDS)(
  'a dataset is the same whatever BigQuery leaves out, adds or is late with: seed %i',
  async (seed) => {
    const stack = await BigQueryStack.start({ variationSeed: seed });
    try {
      const choices = { spec: { sample: { rows: 100_000 } } };
      const expected = await contentOf((await stack.fetch(stack.embedded, choices)).path);
      for (const results of ['rest', 'storage'] as const) {
        const warehouse = BigQueryStack.warehouse({ results });
        const { path } = await stack.fetch(warehouse, choices);
        expect(await contentOf(path)).toBe(expected);
      }
    } finally {
      await stack.stop();
    }
  },
);

async function contentOf(path: string): Promise<string> {
  const dataset = await openDataset(path);
  dataset.close();
  return dataset.meta.contentSha256;
}

it('varies the same for a seed, and keeps what an answer says', () => {
  const job = {
    kind: 'bigquery#job',
    etag: 'x',
    statistics: { query: { totalBytesBilled: '7', cacheHit: false } },
    configuration: { labels: { a: 'b' }, query: { query: 'SELECT 1', priority: 'BATCH' } },
    status: { state: 'DONE', errorResult: { reason: 'r', message: 'm', location: 'l' }, errors: [] },
  };
  const kept = {
    kind: 'bigquery#job',
    statistics: { query: { totalBytesBilled: '7' } },
    configuration: { query: { query: 'SELECT 1' } },
    status: { state: 'DONE', errorResult: { reason: 'r', message: 'm' } },
  };
  const seen = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const varied = new AnswerVariation(seed).vary(job);
    expect(varied).toMatchObject(kept);
    expect(JSON.stringify(new AnswerVariation(seed).vary(job))).toBe(JSON.stringify(varied));
    seen.add(JSON.stringify(varied));
  }
  expect(seen.size).toBeGreaterThan(40);
});
