import { createHash } from 'node:crypto';

/** A tree of one split in LightGBM's text format: rows with a value <= 0 get -1, others 1, missing ones 1. */
const TEXT = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=mkt.flow a.b%20c
feature_infos=[0:0] none
tree_sizes=1

Tree=0
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold=0
decision_type=8
left_child=-1
right_child=-2
leaf_value=-1 1
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=2
internal_count=2
is_linear=0
shrinkage=1


end of trees

parameters:
end of parameters

pandas_categorical:null
`;

/** A file of models as the coordinator hands it out: chunks that end anywhere. */
export function modelFile(pair: string, horizon: number, text = TEXT): Buffer[] {
  const [bytes, sha256] = [TEXT.length, createHash('sha256').update(TEXT).digest('hex')];
  const names = ['leaf', 'level', 'symmetric', 'logistic', 'value', 'ridge'];
  const document = {
    format: 'onescan.horizon-models',
    formatVersion: 2,
    pair,
    horizon,
    targetWindow: 45,
    dataset: { id: 'd1', contentSha256: 'c1' },
    spec: { preset: 'quick', overrides: {}, seed: '1' },
    features: [
      { feature: 'mkt.flow', name: 'mkt.flow', encoding: 'number' },
      { feature: 'a.b c', name: 'a.b%20c', encoding: '{"ordinal":["high","low"]}' },
    ],
    products: [],
    base: { name: 'base_rate', logOdds: 0.5 },
    direction: {
      models: names.slice(0, 4),
      intercept: 0.25,
      baseWeight: 1,
      weights: [0.5, 0, 0, 0.25],
      calibration: { method: 'platt', slope: 2, intercept: -0.5 },
    },
    value: { models: ['value', 'ridge'], weights: [0.5, 0.5], addsKnownPart: false },
    models: names.map((name) => ({ name, file: `${name}.txt`, bytes, sha256 })),
  };
  const whole = Buffer.from(`${JSON.stringify(document)}\n${text.repeat(names.length)}`);
  const size = 1000;
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, k) =>
    whole.subarray(k * size, (k + 1) * size),
  );
}
