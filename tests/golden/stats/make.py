#!/usr/bin/env python3
"""Make tests/golden/stats/cases.json: tests and intervals by SciPy, statsmodels and scikit-learn.

    python3 tests/golden/stats/make.py > tests/golden/stats/cases.json
"""
import json
import math
import random

import numpy
import pandas
import scipy
import scipy.stats as st
import sklearn.metrics
import statsmodels.api
import statsmodels.formula.api
from statsmodels.stats.multitest import multipletests

rng = random.Random(7)
out = {"made_with": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
                     "numpy": numpy.__version__, "sklearn": sklearn.__version__}}

out["t_p"] = [[t, df, 2 * float(st.t.sf(t, df))] for df in (1, 2, 3, 4, 9, 30, 99, 1000)
              for t in (0, 1e-3, 0.1, 0.9, 1, 2.5, 4.3, 12.7, 60)]
out["t_quantile"] = [[level, df, float(st.t.ppf((1 + level) / 2, df))] for df in (1, 2, 3, 4, 9, 30, 99, 1000)
                     for level in (0.5, 0.9, 0.95, 0.999)]

out["paired"] = []
for n in (2, 3, 5, 12):
    for _ in range(3):
        a = [round(rng.gauss(0.80, 0.02), 4) for _ in range(n)]
        b = [round(x - rng.gauss(0.01, 0.01), 4) for x in a]
        d = numpy.array(a) - numpy.array(b)
        t = st.ttest_rel(a, b)
        low, high = t.confidence_interval(0.95)
        out["paired"].append({"a": a, "b": b, "mean": float(d.mean()), "sd": float(d.std(ddof=1)),
                              "low": float(low), "high": float(high), "p": float(t.pvalue),
                              "p_at": float(st.ttest_1samp(d, -0.005).pvalue)})

out["spearman"] = []
for n in (2, 5, 7, 20):
    for ties in (False, True):
        x = [rng.randrange(4) if ties else rng.random() for _ in range(n)]
        y = [rng.randrange(3) + x[i] if ties else rng.random() for i in range(n)]
        rho = None if len(set(x)) == 1 else float(st.spearmanr(x, y).statistic) if len(set(y)) > 1 else 0
        out["spearman"].append({"x": x, "y": y, "rho": rho})
out["spearman"].append({"x": [1, 2, 3], "y": [5, 5, 5], "rho": 0})
out["spearman"].append({"x": [5, 5, 5], "y": [1, 2, 3], "rho": None})

out["holm"] = []
for n in (1, 2, 5, 9):
    p = [round(rng.random() ** 3, 6) for _ in range(n)]
    out["holm"].append({"p": p, "adjusted": [float(x) for x in multipletests(p, method="holm")[1]]})
out["holm"].append({"p": [0.02, 0.02, 0.04, 0.01], "adjusted":
                    [float(x) for x in multipletests([0.02, 0.02, 0.04, 0.01], method="holm")[1]]})


def crossed(y):
    """Mean squares by least squares over indicators, then the variance of the mean and Satterthwaite's df."""
    n_seeds, n = y.shape
    long = pandas.DataFrame({"y": y.ravel(), "s": numpy.repeat(range(n_seeds), n), "i": numpy.tile(range(n), n_seeds)})
    ms = statsmodels.api.stats.anova_lm(statsmodels.formula.api.ols("y ~ C(s) + C(i)", long).fit())["mean_sq"]
    a, b, e = max(ms["C(s)"], ms["Residual"]), max(ms["C(i)"], ms["Residual"]), ms["Residual"]
    df = (a + b - e) ** 2 / (a * a / (n_seeds - 1) + b * b / (n - 1) + e * e / (n_seeds - 1) / (n - 1))
    v = (a + b - e) / y.size
    p = [2 * float(st.t.sf(abs((y.mean() - at) / math.sqrt(v)), df)) for at in (0, 0.02)]
    return {"mean": float(y.mean()), "variance": float(v), "df": float(df), "p": p}


draw = numpy.random.default_rng(3)
out["crossed"] = []
for n_seeds, n, v in ((2, 5, (1, 1, 1)), (3, 40, (.1, .3, .5)), (6, 25, (0, .2, 1)), (4, 30, (.3, 0, 1)), (3, 12, (0, 0, 1)),
                      (5, 60, (.02, .3, .3))):
    y = (draw.normal(0, v[0], (n_seeds, 1)) + draw.normal(0, v[1], (1, n)) + draw.normal(0.05, v[2], (n_seeds, n))).round(3)
    out["crossed"].append({"y": y.ravel().tolist(), "seeds": n_seeds, **crossed(y)})

SCORES = {"pearson": lambda y, x: float(st.pearsonr(y, x).statistic), "f1": sklearn.metrics.f1_score,
          "matthews": sklearn.metrics.matthews_corrcoef}
out["jackknife"] = []
for metric, score in SCORES.items():
    for n in (8, 30):
        label = draw.normal(3, 1, n).round(2) if metric == "pearson" else draw.integers(0, 2, n)
        answer = (label + draw.normal(0, 0.7, n)).round(2) if metric == "pearson" else abs(label - (draw.random(n) < 0.2))
        t, rest = score(label, answer), [score(numpy.delete(label, i), numpy.delete(answer, i)) for i in range(n)]
        out["jackknife"].append({"metric": metric, "label": label.tolist(), "answer": answer.tolist(), "score": float(t),
                                 "y": [float(n * t - (n - 1) * x) for x in rest]})

print("{" + ",\n".join('"%s": %s' % (k, json.dumps(v)) for k, v in out.items()) + "}")
