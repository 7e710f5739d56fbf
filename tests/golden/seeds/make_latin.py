#!/usr/bin/env python3
"""Make tests/golden/seeds/latin.json: Latin squares of orders, initial values and draws of the data.

    python3 tests/golden/seeds/make_latin.py > tests/golden/seeds/latin.json

y[i][j][k]: order_seed i, init_seed j, seed k; data_seed (i + j) mod p. Sums of squares are what a factor adds
to a least-squares fit with dummy variables; P(F > f) is integrated numerically.
"""
import json

import numpy as np

rng = np.random.default_rng(5)


def residual(y, *factors):
    columns = [np.ones(len(y))] + [(f == v).astype(float) for f in factors for v in np.unique(f)]
    x = np.stack(columns, 1)
    return ((y - x @ np.linalg.lstsq(x, y, rcond=None)[0]) ** 2).sum()


def tail(f, d1, d2):
    """P(F > f): with x = d2 / (d2 + d1 F), the integral of x^(d2/2-1) (1-x)^(d1/2-1), substituting x = sin^2 t."""
    nodes, weights = np.polynomial.legendre.leggauss(200)

    def part(end):
        t = (nodes + 1) / 2 * end
        return (weights * np.sin(t) ** (d2 - 1) * np.cos(t) ** (d1 - 1)).sum() * end / 2
    return part(np.arcsin(np.sqrt(d2 / (d2 + d1 * f)))) / part(np.pi / 2)


cases = []
for p, k in ((3, 2), (5, 2), (4, 3)):
    i, j, _ = (a.ravel() for a in np.meshgrid(range(p), range(p), range(k), indexing="ij"))
    d = (i + j) % p
    y = (0.7 + 0.006 * rng.normal(size=p)[i] + 0.003 * rng.normal(size=p)[j] + 0.012 * rng.normal(size=p)[d]
         + 0.003 * rng.normal(size=(p, p))[i, j] + 0.004 * rng.normal(size=p * p * k)).round(4)
    all3 = residual(y, i, j, d)
    df, n = (p - 1) * (p - 2), p * p * k
    ms = {name: (residual(y, *rest) - all3) / (p - 1) for name, rest in
          (("order", (j, d)), ("init", (i, d)), ("data", (i, j)))}
    e = residual(y, i * p + j)
    ms_oi, ms_e = (all3 - e) / df, e / (n - p * p)
    case = {"y": y.reshape(p, p, k).tolist(), "sd: rest": "%.2f" % (100 * ms_e ** 0.5),
            "sd: order x init": "%.2f" % (100 * max((ms_oi - ms_e) / k, 0) ** 0.5)}
    for name in ms:
        case["sd: " + name] = "%.2f" % (100 * max((ms[name] - ms_oi) / (p * k), 0) ** 0.5)
        shown = "" if (p - 1) % 2 and df % 2 else "; %.3f" % tail(ms[name] / ms_oi, p - 1, df)
        case["F %s (df; p)" % name] = "%.2f (%d, %d%s)" % (ms[name] / ms_oi, p - 1, df, shown)
    case["F order x init (df; p)"] = "%.2f (%d, %d; %.3f)" % (ms_oi / ms_e, df, n - p * p, tail(ms_oi / ms_e, df, n - p * p))
    cases.append(case)
print(json.dumps({"made_with": {"numpy": np.__version__}, "cases": cases}, indent=None))
