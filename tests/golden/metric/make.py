#!/usr/bin/env python3
"""Make tests/golden/metric/cases.json: scores by scikit-learn and SciPy.

    python3 tests/golden/metric/make.py > tests/golden/metric/cases.json
"""
import json
import math
import random
import warnings

import numpy
import scipy
import scipy.stats
import sklearn
import sklearn.metrics as m

warnings.simplefilter("ignore")
rng = random.Random(1)
SCORES = {
    "accuracy": m.accuracy_score,
    "f1": lambda y, g: m.f1_score(y, g, labels=[1], average="macro", zero_division=0),
    "f1_macro": lambda y, g: m.f1_score(y, g, average="macro", zero_division=0),
    "matthews": m.matthews_corrcoef,
    "pearson": lambda t, v: scipy.stats.pearsonr(v, t).statistic if len(t) > 1 else math.nan,
    "spearman": lambda t, v: scipy.stats.spearmanr(v, t).statistic if len(t) > 1 else math.nan,
    "mse": m.mean_squared_error,
}


def noisy(y, k, share):
    return [rng.randrange(k) if rng.random() < share else c for c in y]


def labels():
    """(name, classes, labels, guesses)"""
    yield "one right", 2, [1], [1]
    yield "one wrong", 2, [1], [0]
    yield "one of class 0", 2, [0], [0]
    yield "one class, all right", 2, [1] * 6, [1] * 6
    yield "class 1 never", 2, [0] * 6, [0] * 6
    yield "one class, mixed guesses", 2, [1] * 6, [1, 0, 1, 0, 0, 1]
    yield "mixed, one guess", 2, [1, 0, 1, 1, 0, 0, 1], [1] * 7
    yield "all wrong", 2, [0, 1, 1, 0], [1, 0, 0, 1]
    yield "three, one unseen", 3, [0, 0, 2, 2, 0], [0, 2, 2, 2, 0]
    yield "three, guessed only", 3, [0, 0, 1, 1], [0, 2, 1, 2]
    for k, n, share in ((2, 50, 0.4), (2, 1043, 0.5), (3, 60, 0.5), (3, 500, 1), (7, 400, 0.3)):
        y = [rng.randrange(k) for _ in range(n)]
        yield f"{k} classes, {n}", k, y, noisy(y, k, share)
    y = [int(rng.random() < 0.95) for _ in range(300)]
    yield "skewed", 2, y, noisy(y, 2, 0.2)


def values():
    """(name, targets, values)"""
    yield "one", [1.5], [2.5]
    yield "two", [1, 2], [5, -1]
    yield "two equal", [1, 2], [3, 3]
    yield "constant values", [1, 2, 3, 4], [0.1] * 4
    yield "constant targets", [0.3] * 5, [1, 2, 3, 4, 5]
    yield "ties", [1, 1, 2, 2, 3, 3, 3], [2, 1, 2, 2, 9, 3, 3]
    yield "signed zeros tie", [0.0, -0.0, 1, 2], [3, 1, 2, 2]
    yield "monotone", [1, 2, 3, 4, 5], [1, 8, 27, 64, 125]
    yield "far from zero", [1e6 + x for x in (1, 2, 3, 5)], [1e6 + x for x in (2, 1, 3, 4)]
    yield "tiny", [1e-150, 3e-150, 2e-150], [2e-150, 5e-150, 1e-150]
    for n in (5, 40, 1500):
        t = [round(rng.uniform(0, 5) * 5) / 5 for _ in range(n)]  # STS-B's scale, many ties
        yield f"STS-B like, {n}", t, [round(x + rng.gauss(0, 0.8), 3) for x in t]


cases = []
for name, k, y, g in labels():
    for score in ("accuracy", "f1", "f1_macro", "matthews"):
        cases.append(dict(metric=score, name=name, n_classes=k, truth=y, guess=g))
for name, t, v in values():
    for score in ("pearson", "spearman", "mse"):
        cases.append(dict(metric=score, name=name, n_classes=0, truth=t, guess=v))
for c in cases:
    x = float(SCORES[c["metric"]](c["truth"], c["guess"]))
    c["score"] = None if math.isnan(x) else x

made = dict(sklearn=sklearn.__version__, scipy=scipy.__version__, numpy=numpy.__version__)
print('{"made_with": %s,\n"cases": [' % json.dumps(made))
print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
print("]}")
