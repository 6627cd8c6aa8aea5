"""LightGBM on one thread, driven by JSON lines on stdin; answers JSON lines on stdout with CPU seconds."""

import json
import sys
import time

import lightgbm
import numpy

BASE = dict(
    objective="regression", min_data_in_leaf=20, min_sum_hessian_in_leaf=1e-3, lambda_l2=1.0, min_data_in_bin=1,
    enable_bundle=False, feature_pre_filter=False, num_threads=1, force_col_wise=True, verbosity=-1,
)


class Server:
    def load(self, path, rows, columns, bins, trainRows):
        """Reads uint8 bins by column (0 = missing), then float64 labels; the first trainRows rows are trained on."""
        raw = numpy.fromfile(path, dtype=numpy.uint8, count=rows * columns).reshape(columns, rows)
        self.values = numpy.empty((rows, columns), dtype=numpy.float32)
        for column in range(columns):
            self.values[:, column] = raw[column]
        self.values[self.values == 0] = numpy.nan
        self.label = numpy.fromfile(path, dtype=numpy.float64, offset=rows * columns)
        self.trainRows = trainRows
        params = {**BASE, "max_bin": min(255, bins), "bin_construct_sample_cnt": trainRows}
        start = time.process_time()
        self.data = lightgbm.Dataset(
            self.values[:trainRows], self.label[:trainRows], params=params, free_raw_data=False,
        ).construct()
        self.params = params
        return dict(seconds=time.process_time() - start, version=lightgbm.__version__)

    def train(self, trees, params):
        """CPU seconds a tree after the first one, and R2 on the rows not trained on."""
        booster = lightgbm.Booster({**self.params, **params}, self.data)
        booster.update()
        start = time.process_time()
        for _ in range(trees):
            booster.update()
        seconds = (time.process_time() - start) / trees
        label = self.label[self.trainRows:]
        residual = label - booster.predict(self.values[self.trainRows:], num_threads=1)
        return dict(seconds=seconds, r2=1 - float((residual**2).mean() / label.var()))

    def trainOnBags(self, path, trees, start, params):
        """R2 on the rows not trained on of trees that each see the rows given: uint32, tree after tree."""
        bags = numpy.fromfile(path, dtype=numpy.uint32).reshape(trees, -1)
        score = numpy.full(len(self.values), start)
        for bag in bags:
            # An init score that is set before construction is ignored.
            subset = self.data.subset(bag.astype(numpy.int32), params=self.params).construct()
            subset.set_init_score(score[bag])
            booster = lightgbm.Booster({**self.params, **params, "boost_from_average": False}, subset)
            booster.update()
            score += booster.predict(self.values, num_threads=1)
        label = self.label[self.trainRows:]
        return dict(r2=1 - float(((label - score[self.trainRows:]) ** 2).mean() / label.var()))

    def explain(self, model, path, rows, columns):
        """CPU seconds of pred_contrib of a model in LightGBM's text format on float32 rows, and the values' sums."""
        values = numpy.fromfile(path, dtype=numpy.float32, count=rows * columns).reshape(columns, rows).T.copy()
        booster = lightgbm.Booster(model_file=model)
        booster.predict(values[:2], pred_contrib=True, num_threads=1)
        start = time.process_time()
        contributions = booster.predict(values, pred_contrib=True, num_threads=1)
        seconds = time.process_time() - start
        return dict(seconds=seconds, meanAbsolute=numpy.abs(contributions[:, :-1]).mean(axis=0).tolist())

    def interventional(self, model, path, rows, columns, background):
        """CPU seconds of the shap package's interventional values against the first rows, or None without the package."""
        try:
            import shap
        except ImportError:
            return dict(seconds=None)
        values = numpy.fromfile(path, dtype=numpy.float32, count=rows * columns).reshape(columns, rows).T.astype(numpy.float64)
        booster = lightgbm.Booster(model_file=model)
        explainer = shap.TreeExplainer(booster, data=values[:background], feature_perturbation="interventional")
        explainer.shap_values(values[:2], check_additivity=False)
        start = time.process_time()
        contributions = explainer.shap_values(values, check_additivity=False)
        seconds = time.process_time() - start
        return dict(seconds=seconds, meanAbsolute=numpy.abs(contributions).mean(axis=0).tolist())


server = Server()
print(json.dumps(dict(version=lightgbm.__version__)), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(getattr(server, request["call"])(**request["arguments"])), flush=True)
