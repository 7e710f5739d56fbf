-- Schema 6: one split chooses the best evaluation and another one is reported; stored adapters are evaluated again.

DROP VIEW study_cells;
DROP VIEW study_trials;
DROP VIEW study_values;
DROP VIEW study;
DROP VIEW runs;

-- Is the split that chooses another one than the split that is reported? In the configurations of runs of which dev does
-- both, neither key occurs.
ALTER TABLE run ADD COLUMN apart INTEGER GENERATED ALWAYS AS (json_extract(config, '$.select') IS NOT NULL
                                                              OR json_extract(config, '$.report') IS NOT NULL) VIRTUAL;

-- result, with three more kinds, of runs that are apart:
--   chosen       the reported split, with the parameters of the evaluation that the selection split (or dev) chose
--   select_best  the split that chooses, at that evaluation     select_last  the same at the last evaluation
-- and best and last are of the reported split itself there, if it was scored at every evaluation.
CREATE TABLE result_6(
    run_id    INTEGER NOT NULL,
    which     TEXT NOT NULL CHECK(which IN ('best', 'last', 'test', 'test_best', 'select_best',
                                                   'select_last', 'chosen')),
    metric_id INTEGER NOT NULL REFERENCES metric_name,
    attempt   INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,                           -- order of arrival: 0 is the task's own metric
    value     REAL,
    nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
    PRIMARY KEY(run_id, which, metric_id),
    CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
    FOREIGN KEY(run_id, attempt) REFERENCES attempt
) STRICT, WITHOUT ROWID;
INSERT INTO result_6 SELECT * FROM result;
DROP TABLE result;
PRAGMA legacy_alter_table = ON; -- views that name the table stay as they are
ALTER TABLE result_6 RENAME TO result;
PRAGMA legacy_alter_table = OFF;

-- One evaluation of a stored adapter by 'lowrank reevaluate'.
CREATE TABLE evaluation(
    evaluation_id INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL REFERENCES run,
    adapter  TEXT NOT NULL CHECK(adapter IN ('chosen', 'last')),  -- parameters of the chosen or of the last evaluation
    split    TEXT NOT NULL,                               -- "dev", "test"
    n        INTEGER NOT NULL,                            -- examples that were asked for, drawn at random; 0: all
    examples INTEGER NOT NULL,                            -- how many there were
    sha256   TEXT NOT NULL CHECK(length(sha256) = 64),    -- of the data file
    at       REAL NOT NULL,
    UNIQUE(run_id, adapter, split, n)
) STRICT;
CREATE TABLE evaluation_value(
    evaluation_id INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
    metric_id     INTEGER NOT NULL REFERENCES metric_name,
    ordinal       INTEGER NOT NULL,                       -- 0: the loss; from 1: the task's metrics
    value         REAL,
    nonfinite     TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
    PRIMARY KEY(evaluation_id, metric_id),
    CHECK((value IS NULL) = (nonfinite IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE evaluation_prediction(
    evaluation_id INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
    example       INTEGER NOT NULL,                       -- its line in the file
    label         REAL,
    output        REAL,
    PRIMARY KEY(evaluation_id, example)
) STRICT, WITHOUT ROWID;

-- evaluations: every number of 'lowrank reevaluate' with what is known of its run.
CREATE VIEW evaluations AS
SELECT substr(r.run_key, 1, 8) AS key8, e.adapter, e.split, e.n, e.examples, m.name AS metric, v.ordinal, m.goal, m.percent,
       v.value, v.nonfinite, r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.seed, e.run_id, r.run_key,
       r.cell_key, e.evaluation_id, datetime(e.at, 'unixepoch') AS at
  FROM evaluation e JOIN run r ON r.run_id = e.run_id
  JOIN evaluation_value v ON v.evaluation_id = e.evaluation_id JOIN metric_name m ON m.metric_id = v.metric_id;

-- selection: the scores by which a run chooses its best evaluation and a study its trials, one row for each evaluation
-- (1, 2, ...: without eval_every the end of that epoch) and metric; chooses: the metric that decides (best_by).
CREATE VIEW selection AS
SELECT c.run_id, c.run_key, c.cell_key, c.metric, m.goal, c.metric = json_extract(r.config, '$.best_by') AS chooses,
       row_number() OVER (PARTITION BY c.run_id, c.metric ORDER BY c.step) AS evaluation, c.step, c.value, c.nonfinite
  FROM run r JOIN curves c ON c.run_id = r.run_id JOIN metric_name m ON m.name = c.metric
 WHERE c.split = iif(json_extract(r.config, '$.select') IS NULL, 'dev', 'select');

-- optimism: of each finished run that scored its reported split at every evaluation: the value of the paper's rule (the
-- best evaluation on the reported split itself), that of the evaluation which the selection split chose, and how much
-- better the first is. Both are of the same examples.
CREATE VIEW optimism AS
SELECT r.run_id, r.run_key, r.cell_key, r.model, r.task, r.method, r.rank, r.targets, r.lr, r.seed,
       coalesce(json_extract(r.config, '$.report'), 'dev') AS split, m.name AS metric, m.goal, m.percent, b.ordinal,
       b.value AS own, c.value AS chosen, iif(m.goal = 'min', c.value - b.value, b.value - c.value) AS optimism
  FROM run r JOIN result b ON b.run_id = r.run_id AND b.which = 'best'
  JOIN result c ON c.run_id = r.run_id AND c.which = 'chosen' AND c.metric_id = b.metric_id
  JOIN metric_name m ON m.metric_id = b.metric_id
 WHERE r.state = 'done' AND r.apart;

-- runs: everything about a run on one row. metric is the task's own; best and last are its values on dev, or of runs that
-- are apart on the reported split; chosen and select_best are of such runs only.
CREATE VIEW runs AS
SELECT substr(r.run_key, 1, 8) AS key8,
       (SELECT group_concat(name, ' ') FROM (SELECT DISTINCT s.name FROM sweep_run sr
          JOIN plan p ON p.plan_id = sr.plan_id JOIN sweep s ON s.sweep_id = p.sweep_id
         WHERE sr.run_id = r.run_id ORDER BY s.name)) AS study,
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

-- study: each study with its newest plan and the number it is about ("metric" and "which" of its spec).
-- pick is the kind of dev value that chooses among nuisance values of runs that are not apart: never a test value.
CREATE VIEW study AS
SELECT sweep_id, plan_id, study, metric, which,
       CASE WHEN which IN ('best', 'test_best', 'chosen') THEN 'best' ELSE 'last' END AS pick
  FROM (SELECT sweep_id, plan_id, name AS study,
               substr(m, instr(m, ' ') + 1) AS metric,
               CASE WHEN instr(m, ' ') > 0 THEN substr(m, 1, instr(m, ' ') - 1)
                    ELSE coalesce(json_extract(spec, '$.which'), 'best') END AS which
          FROM (SELECT *, coalesce(nullif(json_extract(spec, '$.metric'), ''), 'accuracy') AS m FROM sweep));

-- study_values: the study's number of each finished run of its newest plan: the study's metric, of a run that has
-- not got it (and of every run where the study says "own") the task's own. picking = 1: the value that chooses among
-- trials, of a run that is apart one of the split that chooses; main = 1: the value that the study shows. Of a run that
-- is not apart, "chosen" is its best.
CREATE VIEW study_values AS
SELECT t.study, t.sweep_id, t.plan_id, sr.point, sr.trial, sr.ordinal, r.cell_key, r.run_id,
       m.name AS metric, m.goal, m.percent, x.which, x.value,
       x.which = iif(r.apart OR t.which <> 'chosen', t.which, 'best') AS main,
       x.which = iif(r.apart, 'select_' || t.pick, t.pick) AS picking
  FROM study t
  CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id -- CROSS keeps the order: by study, not by state
  CROSS JOIN run r ON r.run_id = sr.run_id AND r.state = 'done'
  CROSS JOIN result x ON x.run_id = r.run_id
         AND x.which IN (iif(r.apart OR t.which <> 'chosen', t.which, 'best'),
                         iif(r.apart, 'select_' || t.pick, t.pick))
         AND x.metric_id = coalesce(
             (SELECT y.metric_id FROM metric_name n JOIN result y ON y.metric_id = n.metric_id
               WHERE n.name = t.metric AND y.run_id = r.run_id AND y.which = x.which),
             (SELECT y.metric_id FROM result y
               WHERE y.run_id = r.run_id AND y.which = x.which AND y.ordinal = 0))
  JOIN metric_name m ON m.metric_id = x.metric_id;

-- study_trials: statistics of every trial (nuisance values) of every point of a study over its own seeds, as in
-- cells; choice = 1 is the trial with the best mean on the split that chooses among those of its point; one that diverged
-- with a seed, then one that lacks a seed, comes behind the others.
CREATE VIEW study_trials AS
WITH v AS (
    SELECT plan_id, cell_key, value, metric, goal, percent,
           avg(value) OVER w AS mu, count(value) OVER w AS c, row_number() OVER w AS k
      FROM study_values WHERE main
    WINDOW w AS (PARTITION BY plan_id, cell_key ORDER BY value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
s AS (
    SELECT plan_id, cell_key, min(metric) AS metric, min(goal) AS goal, min(percent) AS percent,
           count(value) AS n, count(*) - count(value) AS n_nan, avg(value) AS mean,
           CASE WHEN count(value) > 1
                THEN sqrt(sum((value - mu) * (value - mu)) / (count(value) - 1)) END AS sd,
           avg(CASE WHEN k IN ((c + 1) / 2, c / 2 + 1) THEN value END) AS median,
           min(value) AS min, max(value) AS max
      FROM v GROUP BY plan_id, cell_key),
p AS ( -- what chooses among the trials of a point
    SELECT plan_id, cell_key, count(value) AS n, avg(value) AS mean, min(goal) AS goal
      FROM study_values WHERE picking GROUP BY plan_id, cell_key),
g AS (
    SELECT t.sweep_id, t.study, t.plan_id, t.metric, t.which, t.pick, sr.point, r.cell_key,
           min(sr.trial) AS trial, min(sr.ordinal) AS ordinal, min(r.run_id) AS run_id,
           count(*) AS n_planned, sum(r.state = 'diverged') AS n_diverged, sum(r.state = 'failed') AS n_failed
      FROM study t JOIN sweep_run sr ON sr.plan_id = t.plan_id JOIN run r ON r.run_id = sr.run_id
     GROUP BY t.plan_id, r.cell_key),
j AS (
    SELECT g.sweep_id, g.study, g.plan_id, g.which, g.pick, g.point, g.cell_key, g.trial, g.ordinal, g.run_id,
           g.n_planned, g.n_diverged, g.n_failed, coalesce(a.metric, g.metric) AS metric,
           coalesce(a.goal, m.goal) AS goal, coalesce(a.percent, m.percent) AS percent, coalesce(a.n, 0) AS n,
           coalesce(a.n_nan, 0) AS n_nan, a.mean, a.sd, a.median, a.min, a.max,
           row_number() OVER (PARTITION BY g.plan_id, g.point
                              ORDER BY p.mean IS NULL, g.n_diverged > 0, p.n < g.n_planned,
                                       iif(p.goal = 'min', p.mean, -p.mean), g.ordinal) = 1 AS choice
      FROM g
      LEFT JOIN s a ON a.plan_id = g.plan_id AND a.cell_key = g.cell_key
      LEFT JOIN p ON p.plan_id = g.plan_id AND p.cell_key = g.cell_key
      LEFT JOIN metric_name m ON m.name = g.metric),
h AS (
    SELECT j.*, j.sd / sqrt(j.n) * t.value AS half
      FROM j LEFT JOIN t95 t ON t.df = CASE WHEN j.n <= 31 THEN j.n - 1 WHEN j.n <= 40 THEN 30
                               WHEN j.n <= 60 THEN 40 WHEN j.n <= 120 THEN 60 ELSE 120 END)
SELECT j.study, j.point, j.trial, j.choice, j.cell_key, j.which, j.metric, j.goal, j.percent,
       j.n, j.n_planned, j.n_diverged, j.n_failed, j.n_nan, j.mean, j.sd,
       j.half, j.median, j.min, j.max,
       iif(j.n > 0, printf(iif(j.percent, '%.1f', '%.4f'), j.mean * iif(j.percent, 100, 1))
                    || iif(j.half IS NULL, '', printf(iif(j.percent, ' ± %.1f', ' ± %.4f'),
                                                      j.half * iif(j.percent, 100, 1)))
                    || printf(' (%d)', j.n)
                    || iif(j.n_diverged > 0, printf(', %d diverged', j.n_diverged), ''),
           iif(j.n_diverged > 0, printf('%d diverged (0)', j.n_diverged), NULL)) AS shown,
       r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.pooling,
       r.epochs, r.train_n, r.init, r.top_layers, j.ordinal, j.plan_id, j.sweep_id, j.run_id AS any_run_id
  FROM h AS j JOIN run r ON r.run_id = j.run_id;

-- study_cells: one row a point of a study: the trial that the split that chooses liked best. The others are in
-- study_trials.
CREATE VIEW study_cells AS SELECT * FROM study_trials WHERE choice;
