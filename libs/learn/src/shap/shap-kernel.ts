/** Exports of assembly/shap.kernel.ts; the parameters are documented there. Addresses are byte offsets. */
export interface ShapKernel {
  gatherBins(block: number, stride: number, slot: number, rows: number, count: number, out: number): void;
  decideRows(bins: number, count: number, threshold: number, missingLeft: number, out: number): void;
  fillLeafTable(
    value: number,
    zeros: number,
    k: number,
    weights: number,
    table: number,
    scratch: number,
  ): void;
  mergeLeafTable(
    leafTable: number,
    k: number,
    requirements: number,
    groupTable: number,
    bits: number,
    masks: number,
  ): void;
  addLeafGroups(
    decisions: number,
    stride: number,
    count: number,
    groups: number,
    groupCount: number,
    offset: number,
    masks: number,
  ): void;
  countCases(
    decisions: number,
    stride: number,
    count: number,
    conditions: number,
    conditionCount: number,
    bits: number,
    masks: number,
    counts: number,
  ): void;
  fillInterventionalTable(
    value: number,
    counts: number,
    k: number,
    weights: number,
    table: number,
    scratch: number,
  ): void;
  addDeepTree(
    decisions: number,
    stride: number,
    count: number,
    edges: number,
    edgeCount: number,
    coefficients: number,
    points: number,
    offset: number,
    states: number,
    values: number,
  ): void;
  addDeepInterventional(
    frame: number,
    decisions: number,
    count: number,
    background: number,
    backgroundCount: number,
    outputs: number,
    columns: number,
    offset: number,
  ): void;
}
