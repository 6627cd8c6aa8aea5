/**
 * Mean of the sorted values in each bin. An infinite value counts as the nearest finite one
 * (`lowest` or `highest`), so that a mean is always finite.
 *
 * @param sorted ascending float32 values without NaN, `total` of them
 * @param bounds ascending upper bounds, `boundCount` of them
 * @param means output: float32 by bin; bins without values (and bin 0) are left as they are
 */
export function averageBins(sorted: usize, total: u32, bounds: usize, boundCount: u32, lowest: f64, highest: f64, means: usize): void {
  let bin: u32 = 0;
  let sum: f64 = 0;
  let members: u32 = 0;
  for (let i: u32 = 0; i < total; i++) {
    const value = load<f32>(sorted + (<usize>i << 2));
    while (bin < boundCount && value > load<f32>(bounds + (<usize>bin << 2))) {
      if (members > 0) store<f32>(means + (<usize>(bin + 1) << 2), <f32>(sum / <f64>members));
      sum = 0;
      members = 0;
      bin++;
    }
    sum += Math.min(Math.max(<f64>value, lowest), highest);
    members++;
  }
  if (members > 0) store<f32>(means + (<usize>(bin + 1) << 2), <f32>(sum / <f64>members));
}
