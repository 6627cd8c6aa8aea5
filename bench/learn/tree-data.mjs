/**
 * Correlated columns with missing values and a weak signal, the same on every machine. Columns are made one
 * at a time, so that a wide table need not fit memory.
 *
 * @returns `column(c)` as float32 with NaN where missing, and `label` as float64
 */
export function treeData(rows, columns) {
  const shared = randomNumbers(1);
  const factors = Array.from({ length: 20 }, () => Float32Array.from({ length: rows }, shared.normal));
  const column = (c) => {
    const { uniform, normal } = randomNumbers(1000 + c);
    const [a, b] = [factors[c % 20], factors[(7 * c + 3) % 20]];
    return Float32Array.from({ length: rows }, (_, i) =>
      uniform() < 0.02 ? Number.NaN : a[i] + 0.5 * b[i] + normal(),
    );
  };
  const label = Float64Array.from({ length: rows }, () => 4 * shared.normal());
  for (let c = 0; c < 40; c++) {
    const feature = column((c * 9) % columns);
    for (let i = 0; i < rows; i++) label[i] += 0.2 * (c % 2 ? feature[i] || 0 : Math.sign(feature[i] || 0));
  }
  return { column, label };
}

/** xorshift32, started apart from other seeds. */
export function randomNumbers(seed) {
  let state = Math.imul(seed, 0x9e3779b9) ^ 0x12345678 || 1;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  for (let i = 0; i < 8; i++) uniform();
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}
