-- Schema 4: a study over several tasks shows, of a task without the study's metric, the task's own.

DROP VIEW study_cells;
DROP VIEW study_trials;
DROP VIEW study_values;

-- study_values: the study's number of each finished run of its newest plan: the study's metric, of a run that has
-- not got it (and of every run where the study says "own") the task's own. picking = 1: the kind of dev value that
-- chooses among trials, main = 1: the kind that the study shows.
CREATE VIEW study_values AS
SELECT t.study, t.sweep_id, t.plan_id, sr.point, sr.trial, sr.ordinal, r.cell_key, r.run_id,
       m.name AS metric, m.goal, m.percent, x.which, x.value,
       x.which = t.which AS main, x.which = t.pick AS picking
  FROM study t
  CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id -- CROSS keeps the order: by study, not by state
  CROSS JOIN run r ON r.run_id = sr.run_id AND r.state = 'done'
  CROSS JOIN result x ON x.run_id = r.run_id AND x.which IN (t.which, t.pick)
         AND x.metric_id = coalesce(
             (SELECT y.metric_id FROM metric_name n JOIN result y ON y.metric_id = n.metric_id
               WHERE n.name = t.metric AND y.run_id = r.run_id AND y.which = x.which),
             (SELECT y.metric_id FROM result y
               WHERE y.run_id = r.run_id AND y.which = x.which AND y.ordinal = 0))
  JOIN metric_name m ON m.metric_id = x.metric_id;

-- study_trials: statistics of every trial (nuisance values) of every point of a study over its own seeds, as in
-- cells; choice = 1 is the trial with the best mean on dev among those of its point.
CREATE VIEW study_trials AS
WITH v AS (
    SELECT plan_id, cell_key, which, value, metric, goal, percent,
           avg(value) OVER w AS mu, count(value) OVER w AS c, row_number() OVER w AS k
      FROM study_values
    WINDOW w AS (PARTITION BY plan_id, cell_key, which ORDER BY value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
s AS (
    SELECT plan_id, cell_key, which, min(metric) AS metric, min(goal) AS goal, min(percent) AS percent,
           count(value) AS n, count(*) - count(value) AS n_nan, avg(value) AS mean,
           CASE WHEN count(value) > 1
                THEN sqrt(sum((value - mu) * (value - mu)) / (count(value) - 1)) END AS sd,
           avg(CASE WHEN k IN ((c + 1) / 2, c / 2 + 1) THEN value END) AS median,
           min(value) AS min, max(value) AS max
      FROM v GROUP BY plan_id, cell_key, which),
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
                              ORDER BY p.mean IS NULL, iif(p.goal = 'min', p.mean, -p.mean),
                                       g.n_diverged, g.ordinal) = 1 AS choice
      FROM g
      LEFT JOIN s a ON a.plan_id = g.plan_id AND a.cell_key = g.cell_key AND a.which = g.which
      LEFT JOIN s p ON p.plan_id = g.plan_id AND p.cell_key = g.cell_key AND p.which = g.pick
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

-- study_cells: one row a point of a study: the trial that was best on dev. The others are in study_trials.
CREATE VIEW study_cells AS SELECT * FROM study_trials WHERE choice;
