import { sigmoid } from '../numeric/sigmoid.js';
import { designColumns } from '../regression/design-columns.js';
import { type LinearFit, predictLinear } from '../regression/linear-fit.js';
import { fitLogistic } from '../regression/logistic-regression.js';
import { fitRidge } from '../regression/ridge-regression.js';
import { innerSplit } from '../splits/inner-split.js';
import type { LinearEntry, TrainContext, TrainedModel, TrainTask } from './model-entry.js';

/** Ridge penalties tried, as multiples of the number of rows, strongest first. */
export const PENALTIES = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003] as const;

/** Logistic regression for "up"; the penalty has the least inner log loss, then all `rows` are fitted. */
export const logistic: LinearEntry = {
  kind: 'linear',
  train(context, task) {
    const { up } = context.data;
    const offset = task.margin;
    return train(context, task, {
      fit: (columns, rows, penalties) => fitLogistic({ columns, rows, label: up, penalties, offset }),
      loss: (fit, columns, rows) =>
        meanOver(predictLinear(fit, columns, rows, offset), (logOdds, k) => {
          const p = sigmoid(up[rows[k]!]! > 0.5 ? logOdds : -logOdds);
          return -Math.log(Math.max(p, 1e-12));
        }),
    });
  },
};

/** Ridge regression of the unknown part; the penalty has the least inner squared error. */
export const ridge: LinearEntry = {
  kind: 'linear',
  train(context, task) {
    const { unknown } = context.data;
    return train(context, task, {
      fit: (columns, rows, penalties) => fitRidge({ columns, rows, value: unknown, penalties }),
      loss: (fit, columns, rows) =>
        meanOver(predictLinear(fit, columns, rows), (value, k) => (value - unknown[rows[k]!]!) ** 2),
    });
  },
};

interface Method {
  fit(columns: readonly Float64Array[], rows: Uint32Array, penalties: readonly number[]): LinearFit[];
  loss(fit: LinearFit, columns: readonly Float64Array[], rows: Uint32Array): number;
}

/** On the retained features, or the most often selected of them. */
function train(context: TrainContext, task: TrainTask, method: Method): TrainedModel {
  const { matrix, data, config } = context;
  const { linearColumns } = task;
  const size = task.size ?? choosePenalty();
  const columns = designColumns(matrix, linearColumns, task.rows);
  const [fit] = method.fit(columns, task.rows, [size]);
  return { prediction: predictLinear(fit!, columns, task.predict), size, booster: null, linear: fit! };

  function choosePenalty(): number {
    const inner = innerSplit(task.rows, data.bar, data.geometry, config.protocol.innerShare);
    const design = designColumns(matrix, linearColumns, inner.fit);
    const losses = method
      .fit(design, inner.fit, PENALTIES)
      .map((candidate) => method.loss(candidate, design, inner.validation));
    return PENALTIES[losses.indexOf(Math.min(...losses))]!;
  }
}

function meanOver(values: Float64Array, term: (value: number, position: number) => number): number {
  return values.reduce((sum, value, position) => sum + term(value, position), 0) / values.length;
}
