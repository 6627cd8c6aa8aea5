"""Orders features by LightGBM-gain stability and by elastic-net stability; JSON on stdin and stdout, CPU seconds."""

import json
import sys
import time

import lightgbm
import numpy
from sklearn.linear_model import enet_path

LIGHTGBM = dict(
    objective="regression", num_leaves=8, learning_rate=0.1, min_data_in_leaf=50, feature_fraction=0.8, max_bin=63,
    num_threads=1, force_col_wise=True, verbosity=-1,
)
TREES = 30
ALPHA_RATIO = 0.9
PENALTIES = 60


def order(frequency, strength):
    return [int(c) for c in numpy.lexsort((-strength, -frequency))]


def lightgbm_stability(x, y, subsamples, q):
    """A feature is selected in a fit when it is among the q of largest gain, and has any."""
    columns = x.shape[1]
    frequency, strength = numpy.zeros(columns), numpy.zeros(columns)
    for rows in subsamples:
        data = lightgbm.Dataset(x[rows], y[rows], params=LIGHTGBM)
        gain = lightgbm.train(LIGHTGBM, data, TREES).feature_importance("gain")
        best = numpy.argsort(-gain)[:q]
        frequency[best[gain[best] > 0]] += 1
        strength += gain / max(1e-12, gain.max())
    return order(frequency, strength)


def elastic_net_stability(x, y, subsamples, q):
    """A feature is selected in a fit when it is among the first q to enter the path."""
    columns = x.shape[1]
    frequency, strength = numpy.zeros(columns), numpy.zeros(columns)
    for rows in subsamples:
        part = numpy.nan_to_num(x[rows])
        part = numpy.asfortranarray((part - part.mean(0)) / part.std(0), dtype=numpy.float64)
        target = y[rows] - y[rows].mean()
        top = numpy.abs(part.T @ target).max() / len(rows) / ALPHA_RATIO
        alphas = top * numpy.geomspace(1, 0.05, PENALTIES)
        active = numpy.full(columns, PENALTIES)
        size = numpy.zeros(columns)
        gram, products, last = part.T @ part, part.T @ target, None
        for step, alpha in enumerate(alphas):
            _, coefficients, _ = enet_path(
                part, target, l1_ratio=ALPHA_RATIO, alphas=[alpha], max_iter=200, precompute=gram, Xy=products,
                coef_init=last,
            )
            last = coefficients[:, 0].copy()
            nonzero = numpy.flatnonzero(coefficients[:, 0])
            active[nonzero] = numpy.minimum(active[nonzero], step)
            size[nonzero] = numpy.abs(coefficients[nonzero, 0])
            if len(nonzero) >= q:
                break
        entered = numpy.lexsort((-size, active))[:q]
        entered = entered[active[entered] < PENALTIES]
        frequency[entered] += 1
        strength[entered] += (q - numpy.arange(len(entered))) / q
    return order(frequency, strength)


def main():
    task = json.load(sys.stdin)
    rows, columns = task["rows"], task["columns"]
    raw = numpy.fromfile(task["path"], dtype=numpy.float32, count=rows * columns).reshape(columns, rows)
    x = numpy.ascontiguousarray(raw.T)
    y = numpy.fromfile(task["path"], dtype=numpy.float64, offset=4 * rows * columns)
    parts = [numpy.concatenate([numpy.arange(*block) for block in blocks]) for blocks in task["subsamples"]]
    results = {"version": lightgbm.__version__}
    for name, method in (("lightgbm", lightgbm_stability), ("elasticNet", elastic_net_stability)):
        start = time.process_time()
        ranked = method(x, y, parts, task["q"])
        results[name] = {"order": ranked, "seconds": time.process_time() - start}
    json.dump(results, sys.stdout)


main()
