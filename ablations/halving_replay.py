#!/usr/bin/env python3
"""halving_replay.py [DATABASE...] [--simulate N] - what would successive halving have chosen?

Replays the rungs of a search (experiments/study/search.h, tune.h) on the stored curves of full grids,
that is of arms of which every trial was trained to its end: the trials of a study with 'search' and
without 'halving', of 'nuisance' keys, or of a learning rate that is an axis (study lr). A line for
each arm says how many epochs halving trains, in percent of those of the grid, and whether it chooses
the same trial, or another one whose final score is within the noise: not worse by more than the
standard error of the difference of two means over seeds, estimated from all trials of the arm.

--simulate N replays N simulated arms of 16 trials and 8 epochs instead: the final score is a parabola
over log lr, trials with a large rate diverge, curves saturate at their own pace, and every
evaluation has noise.
"""
import json, math, random, sqlite3, sys

GRIDS = """
WITH linked AS (
    SELECT w.name AS study, w.plan_id, sr.run_id, sr.point, sr.trial, w.spec FROM sweep w
      JOIN sweep_run sr USING(plan_id)
     WHERE NOT EXISTS (SELECT 1 FROM tuning t WHERE t.plan_id = w.plan_id)
    UNION ALL
    SELECT w.name, w.plan_id, t.run_id, t.point, t.trial, w.spec FROM sweep w JOIN tuning t USING(plan_id))
SELECT l.study, coalesce(nullif(l.trial, '{}'), json_object('lr', r.lr)) AS trial,
       iif(l.trial = '{}', json_remove(r.config, '$.lr', '$.seed'), l.point) AS arm, r.seed, r.run_id, r.state,
       r.epochs,
       json_extract(r.config, '$.best_by') AS metric
  FROM linked l JOIN run r USING(run_id)
 WHERE r.epochs > 1
"""


def rungs(n, halving, epochs):
    """[(trials, epochs)], as search_rungs."""
    sizes = [n]
    while halving and len(sizes) < epochs:
        more = -(-sizes[-1] // halving)
        if more >= sizes[-1] or (more < 2 and len(sizes) > 1):
            break
        sizes.append(more)
    out, at = [], epochs
    for k in range(len(sizes) - 1, -1, -1):
        out.insert(0, (sizes[k], max(at, k + 1)))
        at //= halving
    return out


def mean(x):
    return sum(x) / len(x)


def rank_of(trial, epochs, sign):
    """Sorts as tune.h: diverged last, then by the mean of the best scores so far, then the smaller."""
    best = [max((sign * v for v in c[:epochs] if v is not None), default=None) for c in trial["curves"]]
    lost = None in best or any(len(c) < epochs for c in trial["curves"])
    return (lost, 0 if lost else -mean(best), trial["value"])


def replay(arm, halving=2):
    trials, epochs, sign = arm["trials"], arm["epochs"], arm["sign"]
    steps = rungs(len(trials), halving, epochs)
    left, cost, before = trials, 0, 0
    for k, (_, until) in enumerate(steps):
        cost += len(left) * (until - before)
        before = until
        left = sorted(left, key=lambda t: rank_of(t, until, sign))
        left = [t for t in left if not rank_of(t, until, sign)[0]]
        left = left[:steps[k + 1][0] if k + 1 < len(steps) else 1]
        if not left:
            return None
    full = sorted(trials, key=lambda t: rank_of(t, epochs, sign))[0]
    lost, a, _ = rank_of(full, epochs, sign)
    if lost:
        return None
    b = rank_of(left[0], epochs, sign)[1]
    spread = [[max(sign * v for v in c) for c in t["curves"]] for t in trials
              if not rank_of(t, epochs, sign)[0] and len(t["curves"]) > 1]
    var = mean([sum((x - mean(s)) ** 2 for x in s) / (len(s) - 1) for s in spread]) if spread else 0
    noise = math.sqrt(2 * var / len(full["curves"]))
    return {"share": cost / (len(trials) * epochs), "same": left[0] is full,
            "behind": b - a, "noise": noise, "good": left[0] is full or b - a <= noise,
            "chosen": left[0]["value"], "best": full["value"]}


def curve(db, run, state, epochs, metric):
    """The value at the end of each epoch; shorter where the run diverged."""
    points = db.execute("SELECT step, value FROM curves WHERE run_id = ? AND metric = ? AND split ="
                        " coalesce((SELECT 'select' FROM metric WHERE run_id = ?1 AND split = 'select'"
                        " LIMIT 1), 'dev') ORDER BY step", (run, metric)).fetchall()
    if state == "done" and len(points) != epochs:
        return None  # evaluated more or less often than once in an epoch
    return [v for _, v in points]


def stored(path):
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    db.row_factory = sqlite3.Row
    goal = dict(db.execute("SELECT name, goal FROM metric_name").fetchall())
    arms = {}
    for r in db.execute(GRIDS):
        arms.setdefault((r["study"], r["arm"]), []).append(r)
    for (study, _), runs in sorted(arms.items()):
        trials, epochs = {}, runs[0]["epochs"]
        for r in runs:
            c = curve(db, r["run_id"], r["state"], epochs, r["metric"])
            whole = r["state"] in ("done", "diverged") and c is not None and r["epochs"] == epochs
            trials.setdefault(r["trial"], []).append(c if whole else None)
        full = [{"value": list(json.loads(t).values()), "curves": c} for t, c in trials.items()
                if None not in c]
        if len(full) == len(trials) and len(full) > 3:
            yield {"name": study, "trials": full, "epochs": epochs,
                   "sign": -1 if goal.get(runs[0]["metric"]) == "min" else 1}


def simulated(n):
    rng = random.Random(1)
    for i in range(n):
        top, width, cliff = rng.uniform(4, 11), rng.uniform(2, 5), rng.uniform(11, 15)
        height, seeds, trials = rng.uniform(0.6, 0.95), 2, []
        for k in range(16):
            final = height - 0.08 * ((k - top) / width) ** 2
            pace = 0.35 + 0.05 * k / 15 + rng.gauss(0, 0.02)
            curves = []
            for _ in range(seeds):
                own = rng.gauss(0, 0.004)
                c = [final - 0.3 * math.exp(-pace * (e + 1)) + own + rng.gauss(0, 0.004) for e in range(8)]
                curves.append(c[:rng.randrange(4)] if k > cliff else c)
            trials.append({"value": k, "curves": curves})
        yield {"name": "simulated %d" % (i + 1), "trials": trials, "epochs": 8, "sign": 1}


def main(args):
    arms = []
    if args[:1] == ["--simulate"]:
        arms = list(simulated(int(args[1])))
    for path in args if not arms else []:
        arms += list(stored(path))
    results = [(a, replay(a)) for a in arms]
    results = [(a, r) for a, r in results if r]
    for a, r in results:
        print("%-16s %2d trials, %2d epochs: %3.0f %% of the epochs, %s" % (
            a["name"], len(a["trials"]), a["epochs"], 100 * r["share"],
            "the same choice" if r["same"] else "%s for %s: worse by %.4f, noise %.4f%s" % (
                r["chosen"], r["best"], r["behind"], r["noise"], "" if r["good"] else " (too much)")))
    if not results:
        sys.exit("no arm with a full grid of at least four trials and two epochs")
    good = sum(r["good"] for _, r in results)
    print("%d of %d arms: the same choice in %d, one within noise in %d; %.0f %% of the epochs" % (
        good, len(results), sum(r["same"] for _, r in results),
        good - sum(r["same"] for _, r in results), 100 * mean([r["share"] for _, r in results])))


main(sys.argv[1:])
