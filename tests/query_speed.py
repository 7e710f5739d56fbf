#!/usr/bin/env python3
"""The time of every named query and of 'lowrank claims' on a made-up store of 10,000 runs; exits with 1 when one is slow.

    python3 tests/query_speed.py build/lowrank [--runs 10000] [--limit 2.0] [--keep FOLDER]

The store has four studies on eight tasks (rank, targets, alpha with three learning rates, methods); each run has an
attempt, curves, results and 200 predictions. It also has phi of three pairs of adapters in 24 matrices, the numbers of
two analyses, and measurements of speed.
"""
import argparse
import glob
import hashlib
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TASKS = ["supersense", "hypernym", "mrpc", "rte", "cola", "sst2", "qnli", "mnli"]
METHODS = ["lora", "ft", "bitfit", "adapter-h", "adapter-l", "prefix-embed", "prefix-layer", "topk"]
STUDIES = {  # name: (share of the runs, axes, nuisance)
    "rank": (0.4, {"task": TASKS, "targets": [["q"], ["q", "v"], ["q", "k", "v", "o"]], "rank": [1, 2, 4, 8, 64]}, {}),
    "targets": (0.2, {"task": TASKS, "targets": [["q"], ["k"], ["v"], ["o"], ["q", "k"], ["q", "v"],
                                                 ["q", "k", "v", "o"]]}, {}),
    "alpha": (0.2, {"task": TASKS, "alpha": [1, 2, 4, 8, 16, 32, 64]}, {"lr": [5e-4, 2e-3, 8e-3]}),
    "methods": (0.2, {"task": TASKS, "method": METHODS}, {}),
}


def cpu():
    """Seconds of CPU that the programs started so far have used: unlike the clock's, not those of others."""
    t = os.times()
    return t.children_user + t.children_system


def digest(x):
    return hashlib.sha256(json.dumps(x, sort_keys=True).encode()).hexdigest()


def schema(db):
    for f in sorted(glob.glob(os.path.join(ROOT, "results/schema/*.sql"))):
        db.executescript(open(f).read())
        db.execute("PRAGMA user_version = %d" % int(os.path.basename(f)[:3]))
    db.execute("PRAGMA application_id = %d" % 0x4C6F5241)


def add_run(db, rng, plan, ordinal, config, nuisance):
    point = {k: v for k, v in config.items() if k != "seed" and k not in nuisance}
    cell = {k: v for k, v in config.items() if k != "seed"}
    run = db.execute("INSERT INTO run(run_key, cell_key, config, state, attempts, created) VALUES(?,?,?,'done',1,0)",
                     (digest(config), digest(cell), json.dumps(config))).lastrowid
    db.execute("INSERT INTO sweep_run VALUES(?,?,?,?,?)",
               (plan, run, digest(point), json.dumps({k: config[k] for k in nuisance}), ordinal))
    db.execute("INSERT INTO attempt(run_id, attempt, env_id, owner, started, heartbeat, ended, outcome, trainable,"
               " trainable_head, train_s, tokens, wall_s) VALUES(?,1,1,'o',0,0,9,'done',?,10,1,100,9)",
               (run, 1000 * config.get("rank", 8)))
    right = [rng.random() < 0.8 for _ in range(200)]
    value = sum(right) / len(right)
    db.executemany("INSERT INTO metric VALUES(?,1,?,?,?,?,NULL)",
                   [(run, split, m, step, rng.random()) for split, m in (("train", 10), ("dev", 1), ("dev", 10))
                    for step in range(10, 110, 10)])
    db.executemany("INSERT INTO result VALUES(?,?,?,1,100,?,?,NULL)",
                   [(run, which, m, i, value + i) for which in ("best", "last") for i, m in enumerate((1, 2, 10))])
    db.executemany("INSERT INTO prediction VALUES(?,'dev',?,?,?)",
                   [(run, i, i % 2, i % 2 if right[i] else 1 - i % 2) for i in range(200)])
    return run


def fill(db, runs):
    rng = random.Random(1)
    db.execute("INSERT INTO env(env_id, sha256, doc) VALUES(1, ?, '{}')", ("0" * 64,))
    for name, (share, axes, nuisance) in STUDIES.items():
        grid = [dict(zip([*axes, *nuisance], v)) for v in itertools.product(*axes.values(), *nuisance.values())]
        seeds = max(1, round(runs * share / len(grid)))
        sweep = db.execute("INSERT INTO sweep(name, spec, created) VALUES(?,?,0)",
                           (name, json.dumps({"axes": axes, "zip": {}, "nuisance": nuisance,
                                              "metric": "accuracy"}))).lastrowid
        plan = db.execute("INSERT INTO plan(sweep_id, base, planned) VALUES(?,'',0)", (sweep,)).lastrowid
        db.execute("UPDATE sweep SET plan_id = ? WHERE sweep_id = ?", (plan, sweep))
        base = {"model": "minilm", "method": "lora", "rank": 8, "targets": ["q", "v"], "alpha": 16, "lr": 2e-3,
                "epochs": 2, "train_n": 1500, "batch": 32, "pooling": "mean", "init": "kaiming", "study": name}
        ids = [add_run(db, rng, plan, i, {**base, **g, "seed": s + 1}, nuisance)
               for i, g in enumerate(grid) for s in range(seeds)]
        if name == "rank":
            db.execute("INSERT INTO analysed VALUES(1, 'rank', 'subspace', '', 1)")
            db.executemany("INSERT INTO analysis_value VALUES(1,?,?,?,?,?,?,?,?)",
                           [("phi_" + kind, layer, proj, 0 if kind == "random" else ids[k],
                             0 if kind == "random" else ids[-1 - k], i, j, rng.random())
                            for k in range(3) for kind in ("rank", "seed", "random")[:2 if k else 3]
                            for layer in range(12) for proj in "qv" for i in range(1, 9) for j in range(1, 65)])
            db.execute("INSERT INTO analysed VALUES(2, 'rank', 'amplify', '', 1)")
            db.executemany("INSERT INTO analysis_value VALUES(2,?,?,?,?,0,?,?,?)",
                           [(n, layer, proj, run, r, r, rng.random()) for run, r in zip(ids[::50], itertools.cycle((4, 64)))
                            for n in ("proj_dw", "proj_w", "proj_random", "factor") for layer in range(12) for proj in "qv"])
            db.execute("INSERT INTO analysed VALUES(3, 'minilm', 'latency', '', 1)")
            db.executemany("INSERT INTO analysis_value VALUES(3,'to_base_round',-1,?,0,?,?,?,?)",
                           [(w, n, b, j, 1 + 0.01 * rng.random()) for w in ("base", "merged", "lora", "adapter-h", "adapter-l")
                            for n in range(1, 31) for b in (1, 2, 4, 8, 16, 32) for j in (128, 256, 512)])
    for b in range(1, 301):
        db.execute("INSERT INTO bench VALUES(?,'forward','{}',1,0,1)", (b,))
        db.executemany("INSERT INTO bench_value VALUES(?,?,?,?,?,?)",
                       [(b, o, n, k, t, v) for o, w in enumerate(("base", "merged", "adapters"))
                        for k, (n, t, v) in enumerate([("weights", w, None), ("model", "minilm", None),
                                                       ("ms_median", None, 3.0), ("to_base", None, 1.0)])])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--runs", type=int, default=10000)
    p.add_argument("--limit", type=float, default=2.0)
    p.add_argument("--keep")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = a.keep or temporary
        path = os.path.join(home, "lowrank.db")
        if not os.path.exists(path):
            os.makedirs(home, exist_ok=True)
            db = sqlite3.connect(path, isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            schema(db)
            db.execute("BEGIN")
            fill(db, a.runs)
            db.execute("COMMIT")
            db.close()
        names = sorted(os.path.basename(f)[:-4] for f in glob.glob(os.path.join(ROOT, "results/queries/*.sql")))
        db = sqlite3.connect(path)
        key = db.execute("SELECT run_key FROM run").fetchone()[0]
        words = {"curves": ["run=" + key[:8]], "fig_runs": ["study=rank"], "fig_study": ["study=rank"],
                 "fig_phi_runs": ["study=rank"], "pivot_cells": ["study=rank"],
                 "pivot_values": ["study=rank"], "pivot_study": ["study=rank"],
                 "pivot_curves": ["study=rank", "metric=accuracy", "split=dev"], "study": ["study=rank"], "trials": ["study=alpha"],
                 "claim_compare": ["study=rank", 'a={"targets":"q,v"}', 'b={"rank":"8"}', 'match=["task"]'],
                 "claim_optimum": ["study=alpha", "x=alpha", "y=lr"], "claim_phi": ["study=rank"],
                 "claim_latency": ["of=merged"], "claim_study": ["study=rank"], "cmd_scores": ["study=methods"],
                 "claim_analysis": ["study=rank", "kind=amplify", 'a={"name":"proj_dw"}', 'b={"name":"proj_w"}',
                                    "times=proj_random", "over=factor"],
                 "claim_answers": ["split=dev", "pairs=[[1,2],[3,4],[5,6]]"],
                 "claim_examples": ["split=dev", "pairs=[[1,2],[3,4],[5,6]]"],
                 "claim_discordant": ["split=dev", "pairs=[[1,2],[3,4],[5,6]]"],
                 "cmd_run": ["key=" + key[:16]], "cmd_run_final": ["key=" + key],
                 "cmd_run_point": ["run=1", "split=dev", "name=accuracy", "step=100"],
                 "cmd_study_runs": ["study=rank", "targets=q,v", "task=mrpc"],
                 "cmd_study_ranks": ["study=rank", "targets=q,v"]}
        slow = 0
        tables = [("table " + t, ["table", *t.split()]) for t in ("rank", "alpha", "methods", "rank stat=iqm", "rank value=f1")]
        figures = [("figure " + t, ["figure", *t.split()]) for t in ("rank", "alpha", "rank x=parameters", "rank curves=true")]
        for name, command in ([(n, ["query", n] + words.get(n, [])) for n in names] + tables + figures
                              + [("claims", ["claims"])]):
            start = cpu()
            of = ["--format", "svg", "-o", temporary] if command[0] == "figure" else ["--format", "csv"]
            r = subprocess.run([a.program, *command, *of, "--home", home], capture_output=True, text=True)
            s = cpu() - start
            bad = r.returncode != 0 or s > (5 if name == "claims" else a.limit)
            slow += bad
            print("%-26s %6.2f s %7d rows%s%s" % (name, s, max(0, r.stdout.count("\n") - 1),
                                                  "  SLOW" if bad else "", r.stderr[:200] if r.returncode else ""))
    sys.exit(slow > 0)


main()
