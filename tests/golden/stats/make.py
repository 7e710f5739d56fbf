#!/usr/bin/env python3
"""Make tests/golden/stats/cases.json: tests and intervals by SciPy and statsmodels.

    python3 tests/golden/stats/make.py > tests/golden/stats/cases.json
"""
import json
import math
import random

import numpy
import scipy
import scipy.stats as st
import statsmodels
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

rng = random.Random(7)
out = {"made_with": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
                     "numpy": numpy.__version__}}

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

out["mcnemar"] = []
for b, c in ((0, 0), (1, 0), (0, 6), (5, 5), (3, 11), (12, 13), (13, 13), (40, 20), (300, 250), (1, 900)):
    exact = b + c <= 25
    p = 1.0 if b + c == 0 else float(mcnemar([[0, b], [c, 0]], exact=exact, correction=True).pvalue)
    if not exact and abs(b - c) < 1:  # statsmodels squares |b - c| - 1 even where it is negative
        p = 1.0
    two = 1.0 if b + c == 0 else min(1.0, 2 * float(st.binom.cdf(min(b, c), b + c, 0.5)))
    mid = 1.0 if b + c == 0 else two - float(st.binom.pmf(b, b + c, 0.5))
    out["mcnemar"].append([b, c, p, mid])

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

out["normal_p"] = [[z, 2 * float(st.norm.sf(abs(z)))] for z in (0, -0.5, 1, 1.959963984540054, 6)]


def needed(effect, sd, level, least, most):
    for n in range(least, most + 1):
        if effect * math.sqrt(n) >= sd * (st.t.ppf(1 - level / 2, n - 1) + st.t.ppf(0.8, n - 1)):
            return n
    return 0


out["needed"] = [[*c, needed(*c)] for c in (
    (1, 1, 0.05, 2, 50), (0.5, 1, 0.05, 4, 50), (1, 1, 0.05 / 7, 4, 50), (0.3, 1, 0.05, 2, 50), (0.3, 1, 0.05, 2, 200),
    (2, 0.1, 0.05, 4, 50), (0, 1, 0.05, 2, 50))]

# The bootstrap draws other numbers: its answer is the exact one of the normal limit, within the noise of draws.
out["boot"] = []
for counts in ([30, 900, 70], [5, 480, 15], [100, 800, 100]):
    x = numpy.repeat([-1.0, 0.0, 1.0], counts)
    r = st.bootstrap((x,), numpy.mean, n_resamples=20000, method="percentile", rng=numpy.random.default_rng(1))
    out["boot"].append({"count": counts, "mean": float(x.mean()), "low": float(r.confidence_interval.low),
                        "high": float(r.confidence_interval.high),
                        "p": 2 * float(st.norm.sf(abs(x.mean()) / (x.std() / math.sqrt(len(x)))))})

print("{" + ",\n".join('"%s": %s' % (k, json.dumps(v)) for k, v in out.items()) + "}")
