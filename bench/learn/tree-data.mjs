/** Correlated columns with missing values and a weak signal, the same on every machine. */
export function treeData(rows, columns) {
  let state = 0x12345678;
  const uniform = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const factors = Array.from({ length: 20 }, () => Float32Array.from({ length: rows }, normal));
  const features = Array.from({ length: columns }, (_, c) => {
    const [a, b] = [factors[c % 20], factors[(7 * c + 3) % 20]];
    return Float32Array.from({ length: rows }, (_, i) =>
      uniform() < 0.02 ? Number.NaN : a[i] + 0.5 * b[i] + normal(),
    );
  });
  const label = Float64Array.from({ length: rows }, () => 4 * normal());
  for (let c = 0; c < 40; c++) {
    const feature = features[(c * 9) % columns];
    for (let i = 0; i < rows; i++) label[i] += 0.2 * (c % 2 ? feature[i] || 0 : Math.sign(feature[i] || 0));
  }
  return { features, label };
}
