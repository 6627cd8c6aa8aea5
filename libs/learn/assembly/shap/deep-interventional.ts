/** Words of a tree's description (usize and uint32): see addDeepInterventional. */
const NODE: usize = 12;

/**
 * What one row and one background row decide on the way through a tree, and where contributions go. Offsets in
 * the frame: decisions of the row and of the background row (already at their byte), their strides, nodes,
 * leaf values, weights, their line, sums by column, sides by column, then the two results (f64).
 */
const ROW: usize = 0;
const OTHER: usize = 4;
const STRIDE: usize = 8;
const OTHER_STRIDE: usize = 12;
const NODES: usize = 16;
const LEAVES: usize = 20;
const WEIGHTS: usize = 24;
const LINE: usize = 28;
const SUMS: usize = 32;
const SIDES: usize = 36;
const FOR: usize = 40;
const AGAINST: usize = 48;

/** Sums over the leaves below a child: what they give to a column the row decided, and to one it did not. */
function visit(frame: usize, child: i32, own: u32, other: u32): void {
  if (child < 0) {
    const value = load<f64>(<usize>load<u32>(frame, LEAVES) + ((<usize>~child) << 3));
    const weights = <usize>load<u32>(frame, WEIGHTS);
    const line = load<u32>(frame, LINE);
    store<f64>(
      frame,
      own > 0 ? value * load<f64>(weights + ((<usize>((own - 1) * line + other)) << 3)) : 0,
      FOR,
    );
    store<f64>(
      frame,
      other > 0 ? -value * load<f64>(weights + ((<usize>(own * line + other - 1)) << 3)) : 0,
      AGAINST,
    );
    return;
  }
  const node = <usize>load<u32>(frame, NODES) + <usize>child * NODE;
  const left = load<i32>(node);
  const right = load<i32>(node, 4);
  const ownLeft = load<u8>(<usize>load<u32>(frame, ROW) + <usize>child * load<u32>(frame, STRIDE)) != 0;
  const otherLeft =
    load<u8>(<usize>load<u32>(frame, OTHER) + <usize>child * load<u32>(frame, OTHER_STRIDE)) != 0;
  const ownChild = ownLeft ? left : right;
  const otherChild = otherLeft ? left : right;
  if (ownChild == otherChild) {
    visit(frame, ownChild, own, other);
    return;
  }
  const column = load<u32>(node, 8);
  const side = <usize>load<u32>(frame, SIDES) + column;
  const decided = load<u8>(side);
  if (decided != 0) {
    visit(frame, decided == 1 ? ownChild : otherChild, own, other);
    return;
  }
  const sum = <usize>load<u32>(frame, SUMS) + ((<usize>column) << 3);
  store<u8>(side, 1);
  visit(frame, ownChild, own + 1, other);
  const pro = load<f64>(frame, FOR);
  const contra = load<f64>(frame, AGAINST);
  store<u8>(side, 2);
  visit(frame, otherChild, own, other + 1);
  store<u8>(side, 0);
  store<f64>(sum, load<f64>(sum) + pro + load<f64>(frame, AGAINST));
  store<f64>(frame, pro + load<f64>(frame, FOR), FOR);
  store<f64>(frame, contra + load<f64>(frame, AGAINST), AGAINST);
}

/**
 * Adds the interventional SHAP values of one tree of any depth to rows: the tree is walked once for each row and
 * background row together, both ways where they part (Laberge & Pequignot 2022, algorithm 3).
 *
 * @param frame see above, filled but for ROW, OTHER and results
 * @param decisions, count bytes by node and row, rows
 * @param background, backgroundCount the same of the background rows
 * @param outputs uint32 addresses of f64 output columns, one for each of `columns` columns of the tree
 * @param offset bytes from the start of an output column to the first row
 */
export function addDeepInterventional(
  frame: usize,
  decisions: usize,
  count: u32,
  background: usize,
  backgroundCount: u32,
  outputs: usize,
  columns: u32,
  offset: usize,
): void {
  const sums = <usize>load<u32>(frame, SUMS);
  memory.fill(<usize>load<u32>(frame, SIDES), 0, columns);
  for (let row: u32 = 0; row < count; row++) {
    memory.fill(sums, 0, (<usize>columns) << 3);
    store<u32>(frame, <u32>(decisions + row), ROW);
    for (let other: u32 = 0; other < backgroundCount; other++) {
      store<u32>(frame, <u32>(background + other), OTHER);
      visit(frame, 0, 0, 0);
    }
    for (let column: u32 = 0; column < columns; column++) {
      const output = <usize>load<u32>(outputs + ((<usize>column) << 2)) + offset + ((<usize>row) << 3);
      const mean = load<f64>(sums + ((<usize>column) << 3)) / <f64>backgroundCount;
      store<f64>(output, load<f64>(output) + mean);
    }
  }
}
