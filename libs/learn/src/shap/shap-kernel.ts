/** Exports of assembly/shap.kernel.ts; the parameters are documented there. Addresses are byte offsets. */
export interface ShapKernel {
  decideRows(
    block: number,
    stride: number,
    slot: number,
    threshold: number,
    missingLeft: number,
    rows: number,
    count: number,
    out: number,
  ): void;
  fillLeafTable(
    value: number,
    zeros: number,
    k: number,
    weights: number,
    table: number,
    scratch: number,
  ): void;
  addLeaves(
    decisions: number,
    stride: number,
    count: number,
    leaves: number,
    leafCount: number,
    offset: number,
    masks: number,
  ): void;
}
