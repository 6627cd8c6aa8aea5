"""Applies the models of a horizon as docs/models.md says, independently of onescan: apply-models.py FOLDER DATA.csv OUT.csv

The code block of the page is run as it stands; what it expects, x and base, is made here from the page's words.
"""

import csv
import json
import math
import re
import sys
from pathlib import Path

import lightgbm
import numpy

folder, data, out = sys.argv[1:]
model = json.load(open(f"{folder}/model.json"))
with open(data, newline="") as file:
    rows = list(csv.DictReader(file))


def column(name):
    return numpy.array([float(row[name]) if row[name] else math.nan for row in rows])


x = numpy.column_stack([column(feature["feature"]) for feature in model["features"]])
start = model["base"]
bar, persistence = column("bar"), column("persistence")
scale, squares, weight = [], 0.0, 0.0
for k in range(len(rows)):
    decay = math.exp(-(bar[k] - bar[k - 1]) / (4 * start["targetWindow"])) if k > 0 else 1
    squares, weight = squares * decay, weight * decay
    if math.isfinite(persistence[k]):
        squares, weight = squares + persistence[k] ** 2, weight + 1
    scale.append(math.sqrt(squares / weight) if weight > 0 else math.nan)
sources = {"persistence": persistence}
if any(each["source"] == "known" for each in start["inputs"]):
    sources["known"] = column(f"known_h{model['horizon']}")
base = numpy.full(len(rows), start["intercept"])
for each in start["inputs"]:
    value = sources[each["source"]] / scale if each["relative"] else sources[each["source"]]
    base = base + each["coefficient"] * (value - each["mean"]) * each["scale"]

page = (Path(__file__).parent / "../../../docs/models.md").read_text()
code = re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1)
names = {"x": x, "base": base, "lightgbm": lightgbm}
exec(code.replace('folder = "eurusd_h45"', f"folder = {folder!r}"), names)
numpy.savetxt(out, numpy.column_stack([names["log_odds"], names["probability"]]), "%.17g", ",")
