import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '@onescan/contract/canonical-json.js';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FailureKind } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { reasonMeaning } from '@onescan/contract/reasons/reason.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { simulatePair } from '@onescan/learn/testing';
import { callServerStream } from '@onescan/process/grpc/client.js';
import { expect, test } from 'vitest';
import { readResultDocument } from '../model/result-document.js';
import { resultDocument } from '../testing/sample-document.js';
import { TestStack } from '../testing/test-stack.js';
import { renderReport } from './render-report.js';
import { REPORT_SCRIPT } from './report-script.js';

test('a finished run has a report, results and a ledger that say what happened', async () => {
  const stack = await TestStack.start({}, {}, { renderReport });
  try {
    stack.addTrainers(2, (assign, self) => {
      const { pair, horizon } = assign.task!;
      if (pair === 'gbpusd' && horizon === 45)
        self.fail(assign, FailureKind.FAILURE_KIND_BAD_DATA, 'a <bad> target');
      else self.succeed(assign);
    });
    const runId = await stack.startRun({ pairs: ['eurusd', 'gbpusd'], horizons: [15, 45] });
    await stack.watch(runId);
    const run = await stack.getRun(runId);
    expect(run.state).toBe(RunState.RUN_STATE_PARTIAL);
    const folder = join(stack.stateDir, 'runs', runId);
    expect(run.reportPath, run.problems.join()).toBe(join(folder, 'report.html'));
    const report = readFileSync(run.reportPath, 'utf8');
    expect(await readStreamedReport(stack, runId)).toBe(report);
    for (const text of [
      'gbpusd h45: failed: BAD_DATA: a &lt;bad&gt; target',
      '<b>1 of 3 results show skill</b>',
      'eurusd (h45)',
      `<code>onescan resume ${runId}</code>`,
      'aria-label="Selection frequency of the best features of eurusd by horizon"',
      'aria-label="Share of the importance by family of features and pair"',
      'aria-label="Features that each stage left"',
      'aria-label="Selection frequencies of eurusd h15 by rank"',
      'aria-label="Timeline of fetches and of the tasks of each trainer"',
      '<h3 id="attempts">Attempts</h3>',
      'bad data',
      '61.3 % [59.3 %, 63.3 %]',
      'expected to be false',
      '<b>1.50</b>',
      'Billed <b>$0.50</b> with 2 statements',
      '<h3>Statements</h3>',
      '<code>job-gbpusd</code>',
      'the budget (nobody looked at it)',
      'One statement a pair and horizon (4 statements)',
      'agg.mean_45',
      'SHAP explained on 990 rows; the configured minimum of 100000 was <b>not met</b>',
      'aria-label="SHAP values of sampled rows by feature"',
      'Log loss that the best features save in each fold',
      'aria-label="SHAP value of agg.mean_45 by its value"',
      'overlap logistic 0.412',
      'agg.mean_45 × agg.mean_90 0.012',
      '<th scope="col" class="figure">p, adjusted</th>',
      'Adjusted p-values are family-wise over all',
      `<code>onescan trace ${runId}</code>`,
      'aria-label="Log loss saved fold by fold by horizon for eurusd"',
      'aria-label="What the best features of eurusd h45 save in each fold"',
      'aria-label="Peak memory of each trainer beside its limit"',
      'intervals of 98 % coverage',
      '300 MiB',
      reasonMeaning('future_name'),
      reasonMeaning('unstable'),
    ]) {
      expect(report).toContain(text);
    }
    expect(report).toMatch(/fill="var\(--ink\)"/);
    const own = report.replace(REPORT_SCRIPT, '');
    expect(own).not.toMatch(/#01020[345]|<script>[^<]|src=|href="http|url\(http|NaN|undefined/);
    const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'));
    expect(results.results.map((result: { document: object }) => result.document)).toHaveLength(3);
    expect(results.resultsSha256).toBe(run.resultsSha256);
    expect(unexplained(report)).toEqual([]);
    const brief = readFileSync(join(folder, 'report.md'), 'utf8');
    expect(brief).toContain('**1 of 3 results show skill beyond overlap.**');
    expect(brief).toMatch(/^\| eurusd \| h45 \| 0.0300 \| .* \|$/m);
    expect(brief).toMatch(/^\| pair \| horizon \| log loss saved \| interval \| p, adjusted \|/m);
    expect(brief).toContain(`Trace: \`onescan trace ${runId}\``);
    expect(brief).toContain('a \\<bad\\> target');
    expect(brief).toContain(`- \`onescan resume ${runId}\`: `);
    expect(await countParquet(join(folder, 'ledger.parquet'))).toBe(12n);
  } finally {
    await stack.close();
  }
});

/** Pictures without a name, or without their figures in words right after them, in one of those around them, or in the ledger. */
function unexplained(report: string): string[] {
  const pictures = [
    ...report.matchAll(/<svg [^>]*role="img" aria-label="([^"]+)"[^>]*>[\s\S]*?<\/svg>\s*(.{0,60})/g),
  ];
  expect(pictures).toHaveLength(report.match(/<svg /g)!.length);
  // SHAP values are drawn row by row: explain and results.json have them, the table below them their summary.
  return pictures.flatMap(([, name, after]) =>
    after!.startsWith('<details class="figures"><summary>Figures: ') || name!.startsWith('SHAP')
      ? []
      : [name!],
  );
}

test('reads the documents that the learning engine writes', () => {
  const config = resolveLearnConfig('quick', {
    'models.leaf.rounds': '5',
    'models.level.rounds': '5',
    'models.symmetric.rounds': '5',
    'models.value.rounds': '5',
  });
  const pair = simulatePair({ seed: 3n, rows: 1500, spacing: 8, noiseFeatures: 5, effect: 0.3 });
  const { document } = new PairLearner(pair.pairInput(config), config).learnHorizon(pair.horizonInput(30));
  // As the trainer sends it.
  const told = {
    verdictText: 'a verdict',
    suspicious: document.suspicious.map((one) => ({ ...one, reason: '' })),
  };
  const sent = canonicalJson({ ...document, ...told, pair: 'eurusd', dataset: { contentSha256: 'ab' } });
  const read = readResultDocument({ pair: 'eurusd', horizon: 30 }, Buffer.from(sent));
  expect(read.baselines.map(({ name }) => name)).toContain('overlap');
  expect(read.final.direction.accuracy.value).toBeGreaterThan(0.4);
  expect(read.reliability.reduce((sum, { rows }) => sum + rows, 0)).toBe(read.rows.final);
});

test('reliability and interactions are drawn from the document', () => {
  const document = readResultDocument(
    { pair: 'eurusd', horizon: 30 },
    Buffer.from(JSON.stringify(resultDocument('eurusd', 30))),
  );
  expect(document.reliability.map(({ meanPredicted, rows }) => [meanPredicted, rows])).toEqual([
    [0.3, 50],
    [0.45, 50],
    [0.55, 50],
    [0.7, 50],
  ]);
  expect(document.interactions?.retained[0]?.features).toEqual(['mkt_a.left', 'mkt_b.right']);
});

test('a document of another structure is refused with the task and the place', () => {
  const bytes = Buffer.from(JSON.stringify({ ...resultDocument('eurusd', 30), horizon: 'x' }));
  expect(() => readResultDocument({ pair: 'eurusd', horizon: 30 }, bytes)).toThrow(
    'the result document of eurusd h30 cannot be read at horizon',
  );
});

async function readStreamedReport(stack: TestStack, runId: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const { chunk } of callServerStream(stack.client, stack.client.getReport, { runId })) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function countParquet(path: string): Promise<unknown> {
  const instance = await openDuckDb(':memory:');
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(`SELECT count(*) FROM '${path}'`);
  return read.getRows()[0]?.[0];
}
