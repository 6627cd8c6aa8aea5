import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { type JsonObject, jsonNumber } from '../json.js';
import type { StackExplanation } from '../models/explain-stack.js';

/** Groups of the value axis in a dependence summary. */
const DEPENDENCE_GROUPS = 10;

/**
 * How a feature's SHAP value in the stack depends on its value: mean SHAP over groups of neighbouring bins
 * of (nearly) equally many rows, and over rows where the feature is missing.
 */
export function dependenceJson(
  matrix: BinnedMatrix,
  matrixColumn: number,
  column: number,
  explanation: StackExplanation,
): JsonObject[] {
  const sums = explanation.sumByBin[column]!;
  const counts = explanation.rowsByBin[column]!;
  const representative = matrix.representatives(matrixColumn);
  const groups: JsonObject[] = [];
  if (counts[0]! > 0)
    groups.push({ missing: true, rows: counts[0]!, meanShap: jsonNumber(sums[0]! / counts[0]!) });
  const valued = explanation.rows - counts[0]!;
  let group = emptyGroup();
  let seen = 0;
  for (let bin = 1; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    group.rows += counts[bin]!;
    group.shap += sums[bin]!;
    if (Number.isFinite(representative[bin])) {
      group.valued += counts[bin]!;
      group.value += counts[bin]! * representative[bin]!;
    }
    seen += counts[bin]!;
    const quota = (valued * (groups.filter((known) => !known.missing).length + 1)) / DEPENDENCE_GROUPS;
    if (seen < quota && seen < valued) continue;
    groups.push({
      rows: group.rows,
      meanValue: jsonNumber(group.value / group.valued),
      meanShap: jsonNumber(group.shap / group.rows),
    });
    group = emptyGroup();
  }
  return groups;
}

function emptyGroup() {
  return { rows: 0, valued: 0, value: 0, shap: 0 };
}
