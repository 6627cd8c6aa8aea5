"""A plain pipeline: stability selection by the lasso on all development rows, then LightGBM on what is stable; JSON."""

import json
import os
import sys
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
warnings.simplefilter("ignore")

import lightgbm
import numpy
from sklearn.linear_model import LogisticRegression, lasso_path
from sklearn.metrics import roc_auc_score

FINAL_SHARE, BLOCKS, PAIRS, THRESHOLD, FOLDS, ROUNDS = 0.2, 16, 50, 0.6, 6, 300
LIGHTGBM = dict(
    objective="binary", learning_rate=0.03, num_leaves=15, max_depth=5, min_data_in_leaf=200, lambda_l2=10,
    feature_fraction=0.6, bagging_fraction=0.8, bagging_freq=5, verbose=-1, num_threads=1, seed=1,
)

folder = sys.argv[1]
facts = json.load(open(f"{folder}/facts.json"))
rows, names = facts["rows"], facts["names"]
purge = facts["horizon"] + facts["window"]
x = numpy.fromfile(f"{folder}/x", "<f4").reshape(rows, len(names)).astype(float)
target, known, persistence, bar = numpy.fromfile(f"{folder}/y", "<f8").reshape(rows, 4).T
up, unknown = (target > 0).astype(int), target - known
start = int(rows * (1 - FINAL_SHARE))
development = numpy.flatnonzero((numpy.arange(rows) < start) & (bar < bar[start] - purge))
final = numpy.arange(start, rows)
began = time.process_time()


def baseline():
    """Log-odds of a logistic regression on what is known."""
    size = known[development].std()
    base = numpy.c_[known / size if size > 0 else known * 0, persistence / persistence[development].std()]
    fit = LogisticRegression(C=1e3).fit(base[development], up[development])
    return base @ fit.coef_[0] + fit.intercept_[0]


def stable():
    """Features among the first q of the lasso path in 60 % of complementary halves of blocks of time."""
    blocks = [b[: numpy.searchsorted(bar[b], bar[b[-1]] - purge)] for b in numpy.array_split(development, BLOCKS)]
    z = (x - x[development].mean(0)) / x[development].std(0)
    count, q, random = numpy.zeros(len(names)), int(numpy.sqrt(0.38 * len(names))), numpy.random.default_rng(0)
    for _ in range(PAIRS):
        order = random.permutation(BLOCKS)
        for half in (order[: BLOCKS // 2], order[BLOCKS // 2 :]):
            inside = numpy.concatenate([blocks[k] for k in half])
            xs = (z[inside] - z[inside].mean(0)) / z[inside].std(0)
            _, path, _ = lasso_path(xs, unknown[inside] - unknown[inside].mean(), n_alphas=30, eps=0.05)
            entered = []
            for k in range(path.shape[1]):
                entered += [j for j in numpy.flatnonzero(path[:, k]) if j not in entered]
                if len(entered) >= q:
                    break
            count[entered[:q]] += 1
    return numpy.flatnonzero(count / (2 * PAIRS) >= THRESHOLD)


def boosted(columns, offset):
    """AUC on the final rows of LightGBM beyond the baseline, with as many trees as the median fold wants."""
    if len(columns) == 0:
        return roc_auc_score(up[final], offset[final])
    data = lambda some: lightgbm.Dataset(x[some][:, columns], up[some], init_score=offset[some], free_raw_data=False)
    folds, rounds = numpy.array_split(development, FOLDS), []
    for k in range(1, FOLDS):
        train = numpy.concatenate(folds[:k])
        train = train[bar[train] < bar[folds[k][0]] - purge]
        stop = [lightgbm.early_stopping(30, verbose=False)]
        fitted = lightgbm.train(LIGHTGBM, data(train), ROUNDS, valid_sets=[data(folds[k])], callbacks=stop)
        rounds.append(fitted.best_iteration)
    model = lightgbm.train(LIGHTGBM, data(development), max(1, int(numpy.median(rounds))))
    return roc_auc_score(up[final], offset[final] + model.predict(x[final][:, columns], raw_score=True))


offset = baseline()
selected = stable()
planted = sum(names[j].startswith("mkt_x") for j in selected)
result = {
    "found": int(planted),
    "false": int(len(selected) - planted),
    "AUC": boosted(selected, offset),
    "CPU s": time.process_time() - began,
}
print(json.dumps(result))
