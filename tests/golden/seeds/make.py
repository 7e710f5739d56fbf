#!/usr/bin/env python3
"""Make tests/golden/seeds/cases.json: two-way random models of balanced designs, F tests by SciPy.

    python3 tests/golden/seeds/make.py > tests/golden/seeds/cases.json

y[i][j][k]: order_seed i, init_seed j, seed k. p is null where the table has none: both df odd.
"""
import json

import numpy as np
import scipy
import scipy.stats as st

rng = np.random.default_rng(3)
cases = []
for a, b, k in ((3, 3, 2), (4, 3, 2), (3, 3, 3), (2, 2, 2), (4, 4, 3)):
    y = (0.7 + 0.01 * rng.normal(size=(a, 1, 1)) + 0.004 * rng.normal(size=(1, b, 1)) + 0.005 * rng.normal(size=(a, b, 1))
         + 0.006 * rng.normal(size=(a, b, k))).round(4)
    z, o, i, oi = y.mean(), y.mean((1, 2)), y.mean((0, 2)), y.mean(2)
    ms_o = b * k * ((o - z) ** 2).sum() / (a - 1)
    ms_i = a * k * ((i - z) ** 2).sum() / (b - 1)
    ms_oi = k * ((oi - o[:, None] - i + z) ** 2).sum() / ((a - 1) * (b - 1))
    ms_e = ((y - oi[:, :, None]) ** 2).sum() / (a * b * (k - 1))
    case = {"y": y.tolist(), "sd: order": "%.2f" % (100 * max((ms_o - ms_oi) / (b * k), 0) ** 0.5),
            "sd: rest": "%.2f" % (100 * ms_e ** 0.5)}
    for name, f, d1, d2 in (("order", ms_o / ms_oi, a - 1, (a - 1) * (b - 1)), ("init", ms_i / ms_oi, b - 1, (a - 1) * (b - 1)),
                            ("order x init", ms_oi / ms_e, (a - 1) * (b - 1), a * b * (k - 1))):
        p = "" if d1 % 2 and d2 % 2 else "; %.3f" % st.f.sf(f, d1, d2)
        case["F %s (df; p)" % name] = "%.2f (%d, %d%s)" % (f, d1, d2, p)
    cases.append(case)
print(json.dumps({"made_with": {"scipy": scipy.__version__, "numpy": np.__version__}, "cases": cases}, indent=None))
