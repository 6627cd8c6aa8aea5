"""Times LightGBM trees on the bins it is given: CPU seconds a tree, one thread. Reads a raw file, prints JSON."""

import json
import sys
import time

import lightgbm
import numpy

path, rows, columns, bins, trees, leaves = sys.argv[1], *map(int, sys.argv[2:])
raw = numpy.fromfile(path, dtype=numpy.float32, count=rows * columns).reshape(columns, rows).T
label = numpy.fromfile(path, dtype=numpy.float64, offset=4 * rows * columns)
base = dict(
    objective="regression", num_leaves=leaves, max_depth=8, learning_rate=0.1, min_data_in_leaf=20,
    min_sum_hessian_in_leaf=1e-3, lambda_l2=1.0, max_bin=min(255, bins), min_data_in_bin=1, enable_bundle=False,
    feature_pre_filter=False, num_threads=1, force_col_wise=True, verbosity=-1, bin_construct_sample_cnt=rows,
)


def timed(**extra):
    params = {**base, **extra}
    data = lightgbm.Dataset(raw, label, params=params, free_raw_data=False).construct()
    booster = lightgbm.Booster(params, data)
    booster.update()
    start = time.process_time()
    for _ in range(trees):
        booster.update()
    seconds = (time.process_time() - start) / trees
    residual = label - booster.predict(raw, num_threads=1)
    return dict(seconds=seconds, r2=1 - float((residual**2).mean() / label.var())), booster


plain, booster = timed()
quantised, _ = timed(use_quantized_grad=True)
bagged, _ = timed(bagging_fraction=0.5, bagging_freq=1)
start = time.process_time()
explained = 200
booster.predict(raw[:explained], pred_contrib=True, num_threads=1)
print(json.dumps(dict(
    plain=plain, quantised=quantised, bagged=bagged, shapRowsPerSecond=explained / (time.process_time() - start),
    version=lightgbm.__version__,
)))
