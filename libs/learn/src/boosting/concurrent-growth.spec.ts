import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import { Arena } from '../kernels/arena.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { trainBooster } from './train-booster.js';

const ROWS = 3000;
const COLUMNS = 40;

/** Workers run built code: plain Node cannot read TypeScript. */
const built = (path: string) => new URL(`../../dist/${path}`, import.meta.url);

const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
(async () => {
  const { openBinnedMatrix } = await import(workerData.matrixModule);
  const { trainBooster } = await import(workerData.boosterModule);
  const { treeShap } = await import(workerData.shapModule);
  const matrix = openBinnedMatrix(workerData.handle);
  const rows = Uint32Array.from({ length: matrix.rows }, (_, i) => i);
  for (const params of workerData.params) {
    const booster = trainBooster({ matrix, rows, label: workerData.label }, params);
    const shap = treeShap(booster, matrix, rows.subarray(0, 300));
    parentPort.postMessage({ raw: booster.predictRaw(matrix, rows), shap: shap.values });
  }
})();
`;

interface Outcome {
  raw: Float64Array;
  shap: Float64Array;
}

function run(workerData: object, expected: number): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const outcomes: Outcome[] = [];
    const worker = new Worker(WORKER, { eval: true, workerData });
    worker.on('message', (outcome: Outcome) => outcomes.push(outcome));
    worker.on('error', reject);
    worker.on('exit', () =>
      outcomes.length === expected
        ? resolve(outcomes)
        : reject(new Error(`${outcomes.length} models of ${expected}`)),
    );
  });
}

describe('threads on one shared memory', () => {
  it('grow and explain the trees that they grow alone', { timeout: 30000 }, async () => {
    const modules = {
      matrixModule: built('binning/shared-binned-matrix.js').href,
      boosterModule: built('boosting/train-booster.js').href,
      shapModule: built('shap/tree-shap.js').href,
    };
    if (!existsSync(new URL(modules.boosterModule)))
      throw new Error('libs/learn is not built: run npm run build');
    const random = seededRandom(1n);
    const builder = new BinnedMatrixBuilder(ROWS, COLUMNS, { fitRows: ROWS });
    const label = new Float64Array(ROWS);
    for (let c = 0; c < COLUMNS; c++) {
      const values = Float32Array.from({ length: ROWS }, () => random.normal());
      builder.addColumn(c, values);
      values.forEach((value, row) => {
        label[row]! += c % 3 === 0 ? Math.sin(value * c) : 0;
      });
    }
    const matrix = builder.finish();
    const used = new Arena(matrix.memory).usedBytes();
    const params = [
      { rounds: 12, maxLeaves: 40, minRowsInLeaf: 5, rowFraction: 0.7, seed: 3n },
      { rounds: 6, growth: 'symmetric', maxDepth: 5, maxLeaves: 32, treeColumnFraction: 0.6, seed: 4n },
    ] as const;
    const rows = Uint32Array.from({ length: ROWS }, (_, i) => i);
    const alone = params.map((own) => trainBooster({ matrix, rows, label }, own).predictRaw(matrix, rows));
    const workerData = { handle: matrix.handle, label, params, ...modules };
    const concurrent = await Promise.all([1, 2].map(() => run(workerData, params.length)));
    for (const outcomes of concurrent) {
      outcomes.forEach((outcome, i) => {
        expect(outcome.raw).toEqual(alone[i]);
        expect(outcome.shap).toEqual(concurrent[0]![i]!.shap);
      });
    }
    expect(new Arena(matrix.memory).usedBytes()).toBe(used);
  });
});
