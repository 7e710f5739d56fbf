#!/usr/bin/env python3
"""Make tests/golden/cka/cases.json: debiased linear CKA by features, as in the code of Kornblith et al. 2019
(feature_space_linear_cka), of matrices that a formula gives; with the rows of the second in other order, too.

    python3 tests/golden/cka/make.py > tests/golden/cka/cases.json
"""
import json

import numpy as np


def debiased(xty, rows_x, rows_y):
    n = len(rows_x)
    return xty - n / (n - 2) * (rows_x @ rows_y) + rows_x.sum() * rows_y.sum() / ((n - 1) * (n - 2))


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    rows_x, rows_y = (x * x).sum(1), (y * y).sum(1)
    xy = debiased(np.linalg.norm(x.T @ y) ** 2, rows_x, rows_y)
    xx = debiased(np.linalg.norm(x.T @ x) ** 2, rows_x, rows_x)
    yy = debiased(np.linalg.norm(y.T @ y) ** 2, rows_y, rows_y)
    return xy / np.sqrt(xx * yy)


cases = []
for n, dx, dy, mix in ((4, 3, 3, 0.5), (9, 30, 20, 0), (12, 5, 4, 1), (24, 60, 60, 2)):
    i = np.arange(n)[:, None]
    x = np.sin(12.9 * i + 78.2 * np.arange(dx) + i * np.arange(dx)) + 3
    j = np.arange(dy)
    y = np.cos(4.1 * i - 3.3 * j + 0.5 * i * j) + mix * x[:, j % dx]
    cases.append({"n": n, "dx": dx, "dy": dy, "mix": mix, "cka": cka(x, y), "turned": cka(x, np.roll(y, 1, axis=0))})
print(json.dumps({"made_with": {"numpy": np.__version__}, "cases": cases}, indent=1))
