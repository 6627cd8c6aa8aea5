import { innerSplit } from '../models/inner-split.js';
import { type ModelContext, retainedMatrix } from '../models/model-context.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { designColumns } from './design-columns.js';
import { type LinearFit, predictLinear } from './linear-fit.js';
import { fitLogistic } from './logistic-regression.js';
import { fitRidge } from './ridge-regression.js';

/** Ridge penalties tried, as multiples of the number of rows, strongest first. */
export const PENALTIES = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003] as const;

/** A linear model on the retained features, or the most often selected of them. */
export interface PenalisedLinear {
  readonly penalty: number;
  readonly fit: LinearFit;
  /** Values at rows, without any offset. */
  predict(rows: Uint32Array): Float64Array;
}

/** What a linear model needs of a horizon. */
type LinearContext = Omit<ModelContext, 'pool' | 'isCancelled'>;

export interface PenalisedTask {
  readonly rows: Uint32Array;
  /** Log-odds to start from, indexed by row number (logistic only). */
  readonly offset?: Float64Array;
  /** Decided already; else the best on the inner purged validation. */
  readonly penalty?: number;
}

/** Logistic regression for "up"; the penalty has the least inner log loss, then all `rows` are fitted. */
export function trainLogistic(context: LinearContext, task: PenalisedTask): PenalisedLinear {
  const { up } = context.data;
  const offset = task.offset;
  return train(context, task, {
    fit: (columns, rows, penalties) =>
      fitLogistic({ columns, rows, label: up, penalties, ...(offset ? { offset } : {}) }),
    loss: (fit, columns, rows) =>
      meanOver(predictLinear(fit, columns, rows, offset), (logOdds, k) => {
        const p = sigmoid(up[rows[k]!]! > 0.5 ? logOdds : -logOdds);
        return -Math.log(Math.max(p, 1e-12));
      }),
  });
}

/** Ridge regression of the unknown part; the penalty has the least inner squared error. */
export function trainRidge(context: LinearContext, task: PenalisedTask): PenalisedLinear {
  const { unknown } = context.data;
  return train(context, task, {
    fit: (columns, rows, penalties) => fitRidge({ columns, rows, value: unknown, penalties }),
    loss: (fit, columns, rows) =>
      meanOver(predictLinear(fit, columns, rows), (value, k) => (value - unknown[rows[k]!]!) ** 2),
  });
}

interface Method {
  fit(columns: readonly Float64Array[], rows: Uint32Array, penalties: readonly number[]): LinearFit[];
  loss(fit: LinearFit, columns: readonly Float64Array[], rows: Uint32Array): number;
}

function train(context: LinearContext, task: PenalisedTask, method: Method): PenalisedLinear {
  const { data, config } = context;
  const matrix = retainedMatrix(context);
  const penalty = task.penalty ?? choosePenalty();
  const columns = designColumns(matrix, context.linearColumns, task.rows);
  const [fit] = method.fit(columns, task.rows, [penalty]);
  return {
    penalty,
    fit: fit!,
    predict: (rows) => predictLinear(fit!, columns, rows),
  };

  function choosePenalty(): number {
    const inner = innerSplit(task.rows, data.bar, data.geometry, config.protocol.innerShare);
    const design = designColumns(matrix, context.linearColumns, inner.fit);
    const losses = method
      .fit(design, inner.fit, PENALTIES)
      .map((candidate) => method.loss(candidate, design, inner.validation));
    return PENALTIES[losses.indexOf(Math.min(...losses))]!;
  }
}

function meanOver(values: Float64Array, term: (value: number, position: number) => number): number {
  return values.reduce((sum, value, position) => sum + term(value, position), 0) / values.length;
}
