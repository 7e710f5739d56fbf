-- Schema 8: studies that tune: before a cell is reported, runs of tuning seeds choose its values of some keys.

-- A run that tunes: a trial (values of the searched keys) of an arm (a cell without these keys) with a tuning seed.
-- What a study reports stands in sweep_run: runs of its own seeds at the chosen trials.
CREATE TABLE tuning(
    plan_id INTEGER NOT NULL REFERENCES plan,
    run_id  INTEGER NOT NULL REFERENCES run,
    point   TEXT NOT NULL,                                -- the arm, as sweep_run.point
    trial   TEXT NOT NULL CHECK(json_valid(trial)),       -- values of the searched keys, as sweep_run.trial
    ordinal INTEGER NOT NULL,                             -- place in the study
    extension INTEGER NOT NULL,                           -- 0: one of the first; else how many steps beyond an edge it came
    rung    INTEGER NOT NULL,                             -- rungs at which the trial was judged
    epochs  INTEGER NOT NULL,                             -- up to which it is trained, or was when it was stopped
    outcome TEXT NOT NULL CHECK(outcome IN ('open', 'stopped', 'lost', 'chosen')),
    metric  TEXT NOT NULL,                                -- by which trials are judged
    score   REAL,                                         -- of this run, at its last rung; NULL: none yet, or diverged
    edge    TEXT,                                         -- of a chosen trial: "lr: largest tried"
    PRIMARY KEY(plan_id, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tuning_run ON tuning(run_id);

-- study_tuning: one row a trial of each study's newest plan. score is the mean over its tuning seeds; n of them have one.
CREATE VIEW study_tuning AS
SELECT w.name AS study, t.point, t.trial, t.outcome, t.edge, t.extension, t.rung, t.epochs AS trained, t.n, t.n_runs,
       t.n_diverged, iif(t.n = t.n_runs, t.mean, NULL) AS score, t.metric, m.goal, m.percent,
       iif(t.n > 0, printf(iif(m.percent, '%.1f', '%.4f'), t.mean * iif(m.percent, 100, 1)) || printf(' (%d)', t.n), '')
           || iif(t.n_diverged > 0, printf('%s%d diverged', iif(t.n > 0, ', ', ''), t.n_diverged), '') AS shown,
       r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.epochs, r.train_n, t.ordinal, t.plan_id,
       t.run_id AS any_run_id
  FROM (SELECT t.plan_id, t.point, t.trial, min(t.ordinal) AS ordinal, min(t.run_id) AS run_id,
               max(t.outcome) AS outcome, max(t.edge) AS edge, max(t.extension) AS extension, max(t.rung) AS rung,
               max(t.epochs) AS epochs, max(t.metric) AS metric, count(t.score) AS n, avg(t.score) AS mean,
               count(*) AS n_runs, sum(r.state = 'diverged') AS n_diverged
          FROM tuning t JOIN run r ON r.run_id = t.run_id
         GROUP BY t.plan_id, t.point, t.trial) t
  JOIN sweep w ON w.plan_id = t.plan_id
  JOIN run r ON r.run_id = t.run_id
  LEFT JOIN metric_name m ON m.name = t.metric;

-- runs: as before, but study also names the studies that a run tunes for.
DROP VIEW runs;
CREATE VIEW runs AS
SELECT substr(r.run_key, 1, 8) AS key8,
       (SELECT group_concat(name, ' ') FROM (SELECT DISTINCT s.name FROM
         (SELECT plan_id FROM sweep_run WHERE run_id = r.run_id UNION SELECT plan_id FROM tuning WHERE run_id = r.run_id) sr
          JOIN plan p ON p.plan_id = sr.plan_id JOIN sweep s ON s.sweep_id = p.sweep_id ORDER BY s.name)) AS study,
       r.state, r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.seed, r.attempts,
       a.trainable,
       (SELECT sum(t.wall_s) FROM attempt t WHERE t.run_id = r.run_id) AS wall_s,
       a.tokens / nullif(a.train_s, 0) AS tokens_per_s,
       a.peak_rss / 1e6 AS peak_rss_mb,
       m.name AS metric, b.value AS best, l.value AS last, c.value AS chosen, s.value AS select_best,
       a.error, r.pooling, r.epochs, r.train_n, r.init, r.top_layers,
       datetime(a.started, 'unixepoch') AS started, datetime(a.ended, 'unixepoch') AS ended,
       r.run_id, r.run_key, r.cell_key, r.config
  FROM run r
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN result o ON o.run_id = r.run_id AND o.which = iif(r.apart, 'chosen', 'best') AND o.ordinal = 0
  LEFT JOIN result b ON b.run_id = r.run_id AND b.which = 'best' AND b.metric_id = o.metric_id
  LEFT JOIN result l ON l.run_id = r.run_id AND l.which = 'last' AND l.metric_id = o.metric_id
  LEFT JOIN result c ON c.run_id = r.run_id AND c.which = 'chosen' AND c.metric_id = o.metric_id
  LEFT JOIN result s ON s.run_id = r.run_id AND s.which = 'select_best' AND s.metric_id = o.metric_id
  LEFT JOIN metric_name m ON m.metric_id = o.metric_id;
