-- Schema 11: the views have every recipe key (cell.*), and study_values and study_trials read a study's runs from the
-- index run_brief.
DROP VIEW runs;
DROP VIEW final;
DROP VIEW cells;
DROP VIEW evaluations;
DROP VIEW study_cells;
DROP VIEW study_trials;
DROP VIEW study_values;
DROP VIEW study_tuning;

-- runs: everything about a run on one row. study: the studies that report it or tune with it. metric is the task's own;
-- best and last are its values on dev, or of runs that are apart on the reported split; chosen and select_best are of such
-- runs only.
CREATE VIEW runs AS
SELECT substr(r.run_key, 1, 8) AS key8,
       (SELECT group_concat(name, ' ') FROM (SELECT DISTINCT s.name FROM
         (SELECT plan_id FROM sweep_run WHERE run_id = r.run_id UNION SELECT plan_id FROM tuning WHERE run_id = r.run_id) sr
          JOIN plan p ON p.plan_id = sr.plan_id JOIN sweep s ON s.sweep_id = p.sweep_id ORDER BY s.name)) AS study,
       iif(r.state = 'queued' AND r.run_id IN (SELECT run_id FROM stopped_run), 'stopped', r.state) AS state,
       r.seed, r.attempts, a.trainable,
       (SELECT sum(t.wall_s) FROM attempt t WHERE t.run_id = r.run_id) AS wall_s,
       a.tokens / nullif(a.train_s, 0) AS tokens_per_s,
       a.peak_rss / 1e6 AS peak_rss_mb,
       m.name AS metric, b.value AS best, l.value AS last, h.value AS chosen, s.value AS select_best, a.error,
       datetime(a.started, 'unixepoch') AS started, datetime(a.ended, 'unixepoch') AS ended,
       r.run_id, r.run_key, r.cell_key, r.config, c.*
  FROM run r
  LEFT JOIN cell c ON c.cell_id = r.cell_id
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN result o ON o.run_id = r.run_id AND o.which = iif(c.apart, 'chosen', 'best') AND o.ordinal = 0
  LEFT JOIN result b ON b.run_id = r.run_id AND b.which = 'best' AND b.metric_id = o.metric_id
  LEFT JOIN result l ON l.run_id = r.run_id AND l.which = 'last' AND l.metric_id = o.metric_id
  LEFT JOIN result h ON h.run_id = r.run_id AND h.which = 'chosen' AND h.metric_id = o.metric_id
  LEFT JOIN result s ON s.run_id = r.run_id AND s.which = 'select_best' AND s.metric_id = o.metric_id
  LEFT JOIN metric_name m ON m.metric_id = o.metric_id;

-- final: the final numbers of each finished run, one row a kind ("best", "last", "test", "test_best", ...) and metric.
CREATE VIEW final AS
SELECT r.run_id, r.run_key, r.cell_key, x.which, m.name AS metric, m.goal, x.value, x.nonfinite, x.step, r.seed, c.*
  FROM result x JOIN run r ON r.run_id = x.run_id JOIN metric_name m ON m.metric_id = x.metric_id
  LEFT JOIN cell c ON c.cell_id = r.cell_id
 WHERE r.state = 'done';

-- evaluations: every number of 'lowrank reevaluate' with what is known of its run.
CREATE VIEW evaluations AS
SELECT substr(r.run_key, 1, 8) AS key8, e.adapter, e.split, e.n, e.examples, m.name AS metric, v.ordinal, m.goal, m.percent,
       v.value, v.nonfinite, r.seed, e.run_id, r.run_key, r.cell_key, e.evaluation_id,
       datetime(e.at, 'unixepoch') AS at, c.*
  FROM evaluation e JOIN run r ON r.run_id = e.run_id LEFT JOIN cell c ON c.cell_id = r.cell_id
  JOIN evaluation_value v ON v.evaluation_id = e.evaluation_id JOIN metric_name m ON m.metric_id = v.metric_id;

-- cells: the seeds of a configuration together. n counts finished runs with a number, n_nan finished runs whose
-- value is no number, n_diverged runs that diverged (they have no value and are in none of the statistics).
-- sd is of the sample; half is half the width of the 95 % t interval of the mean. A cell in which every run
-- diverged has n = 0 and neither metric nor mean. shown is "mean ± half (n)" for tables, in percent where papers
-- print percent.
CREATE VIEW cells AS
WITH v AS (
    SELECT r.cell_key, r.run_id, x.which, x.metric_id, x.value,
           avg(x.value) OVER w AS mean, count(x.value) OVER w AS n, count(*) OVER w AS rows,
           row_number() OVER w AS k
      FROM run r JOIN result x ON x.run_id = r.run_id
     WHERE r.state = 'done'
    WINDOW w AS (PARTITION BY r.cell_key, x.which, x.metric_id ORDER BY x.value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
o AS ( -- windows and no GROUP BY, so that a condition on cell_key or which reaches the index of run
    SELECT *, sum((value - mean) * (value - mean)) OVER p AS squares,
           avg(CASE WHEN k IN ((n + 1) / 2, n / 2 + 1) THEN value END) OVER p AS median,
           sum(CASE WHEN k = n THEN value END) OVER p AS min
      FROM v WINDOW p AS (PARTITION BY cell_key, which, metric_id)),
s AS (
    SELECT cell_key, which, metric_id, run_id, n, rows - n AS n_nan, mean,
           CASE WHEN n > 1 THEN sqrt(squares / (n - 1)) END AS sd, median, min, value AS max
      FROM o WHERE k = 1
    UNION ALL
    SELECT cell_key, NULL, NULL, run_id, 0, 0, NULL, NULL, NULL, NULL, NULL
      FROM run d WHERE state = 'diverged'
       AND NOT EXISTS (SELECT 1 FROM run o WHERE o.cell_key = d.cell_key
                          AND (o.state = 'done' OR (o.state = 'diverged' AND o.run_id < d.run_id)))),
h AS (
    SELECT s.*, m.name AS metric, m.goal, m.percent, s.sd / sqrt(s.n) * t.value AS half,
           (SELECT count(*) FROM run d WHERE d.cell_key = s.cell_key AND d.state = 'diverged') AS n_diverged
      FROM s LEFT JOIN metric_name m ON m.metric_id = s.metric_id
      LEFT JOIN t95 t ON t.df = CASE WHEN s.n <= 31 THEN s.n - 1 WHEN s.n <= 40 THEN 30
                               WHEN s.n <= 60 THEN 40 WHEN s.n <= 120 THEN 60 ELSE 120 END)
SELECT s.cell_key, s.which, s.metric, s.goal, s.n, s.mean, s.sd, s.median, s.min, s.max, s.half, s.n_diverged,
       s.n_nan,
       iif(s.n > 0, printf(iif(s.percent, '%.1f', '%.4f'), s.mean * iif(s.percent, 100, 1))
                    || iif(s.half IS NULL, '', printf(iif(s.percent, ' ± %.1f', ' ± %.4f'),
                                                      s.half * iif(s.percent, 100, 1)))
                    || printf(' (%d)', s.n)
                    || iif(s.n_diverged > 0, printf(', %d diverged', s.n_diverged), ''),
           iif(s.n_diverged > 0, printf('%d diverged (0)', s.n_diverged), NULL)) AS shown,
       s.run_id AS any_run_id, c.*
  FROM h AS s JOIN run r ON r.run_id = s.run_id LEFT JOIN cell c ON c.cell_id = r.cell_id;

-- study_values: the study's number of each finished run of its newest plan: the study's metric, of a run that has
-- not got it (and of every run where the study says "own") the task's own. picking = 1: the value that chooses among
-- trials, of a run that is apart one of the split that chooses; main = 1: the value that the study shows. Of a run that
-- is not apart, "chosen" is its best.
CREATE VIEW study_values AS
SELECT t.study, t.sweep_id, t.plan_id, sr.point, sr.trial, sr.ordinal,
       (SELECT k.cell_key FROM run k WHERE k.run_id = r.run_id) AS cell_key, r.run_id,
       m.name AS metric, m.goal, m.percent, x.which, x.value,
       x.which = iif(c.apart OR t.which <> 'chosen', t.which, 'best') AS main,
       x.which = iif(c.apart, 'select_' || t.pick, t.pick) AS picking, r.cell_id, r.seed
  FROM study t
  CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id -- CROSS keeps the order: by study, not by state
  CROSS JOIN run r INDEXED BY run_brief ON r.run_id = sr.run_id AND r.state = 'done'
  CROSS JOIN cell c ON c.cell_id = r.cell_id
  CROSS JOIN result x ON x.run_id = r.run_id
         AND x.which IN (iif(c.apart OR t.which <> 'chosen', t.which, 'best'),
                         iif(c.apart, 'select_' || t.pick, t.pick))
         AND x.metric_id = coalesce(
             (SELECT y.metric_id FROM metric_name n JOIN result y ON y.metric_id = n.metric_id
               WHERE n.name = t.metric AND y.run_id = r.run_id AND y.which = x.which),
             (SELECT y.metric_id FROM result y
               WHERE y.run_id = r.run_id AND y.which = x.which AND y.ordinal = 0))
  JOIN metric_name m ON m.metric_id = x.metric_id;

-- study_trials: statistics of every trial (nuisance values) of every point of a study over its own seeds, as in
-- cells; choice = 1 is the trial with the best mean on the split that chooses among those of its point; one that diverged
-- with a seed, then one that lacks a seed, comes behind the others.
CREATE VIEW study_trials AS -- "study" stands in every PARTITION, so that a condition on it reaches the runs
WITH v AS (
    SELECT t.study, t.plan_id, t.sweep_id, t.metric, t.which, t.pick, sr.point, sr.trial, sr.ordinal, r.run_id, r.cell_id,
           r.state, x.run_id AS has, x.metric_id, x.value, iif(x.which = t.picks, x.metric_id, y.metric_id) AS pick_id,
           iif(x.which = t.picks, x.value, y.value) AS picked,
           avg(x.value) OVER w AS mu, count(x.value) OVER w AS c, row_number() OVER w AS k
      FROM (SELECT s.*, c.apart, m.metric_id AS wanted, iif(c.apart OR s.which <> 'chosen', s.which, 'best') AS shows,
                   iif(c.apart, 'select_' || s.pick, s.pick) AS picks
              FROM study s CROSS JOIN (SELECT 0 AS apart UNION ALL SELECT 1) c
              LEFT JOIN metric_name m ON m.name = s.metric) t
      CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id
      CROSS JOIN run r INDEXED BY run_brief ON r.run_id = sr.run_id
      CROSS JOIN cell c ON c.cell_id = r.cell_id AND c.apart = t.apart
      LEFT JOIN result x ON r.state = 'done' AND x.run_id = r.run_id AND x.which = t.shows AND x.metric_id = coalesce(
           (SELECT z.metric_id FROM result z WHERE z.run_id = r.run_id AND z.which = t.shows AND z.metric_id = t.wanted),
           (SELECT z.metric_id FROM result z WHERE z.run_id = r.run_id AND z.which = t.shows AND z.ordinal = 0))
      LEFT JOIN result y ON t.picks <> t.shows AND r.state = 'done' AND y.run_id = r.run_id AND y.which = t.picks
           AND y.metric_id = coalesce(
           (SELECT z.metric_id FROM result z WHERE z.run_id = r.run_id AND z.which = t.picks AND z.metric_id = t.wanted),
           (SELECT z.metric_id FROM result z WHERE z.run_id = r.run_id AND z.which = t.picks AND z.ordinal = 0))
    WINDOW w AS (PARTITION BY t.study, t.plan_id, r.cell_id ORDER BY x.value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
o AS ( -- windows and no GROUP BY, which a condition on the study would not pass
    SELECT study, plan_id, cell_id, sweep_id, metric AS asked, which, pick, point, trial, min(ordinal) OVER p AS ordinal,
           min(run_id) OVER p AS run_id, count(*) OVER p AS n_planned, sum(state = 'diverged') OVER p AS n_diverged,
           sum(state = 'failed') OVER p AS n_failed, min(metric_id) OVER p AS metric_id, c AS n,
           count(has) OVER p - c AS n_nan, mu AS mean, sum((value - mu) * (value - mu)) OVER p AS squares,
           avg(CASE WHEN k IN ((c + 1) / 2, c / 2 + 1) THEN value END) OVER p AS median, min(value) OVER p AS min,
           max(value) OVER p AS max, count(picked) OVER p AS n_picked, avg(picked) OVER p AS picked,
           min(pick_id) OVER p AS pick_id, k
      FROM v WINDOW p AS (PARTITION BY study, plan_id, cell_id)),
g AS (SELECT *, CASE WHEN n > 1 THEN sqrt(squares / (n - 1)) END AS sd FROM o WHERE k = 1),
j AS (
    SELECT g.*, coalesce(m.name, g.asked) AS metric, m.goal, m.percent,
           row_number() OVER (PARTITION BY g.study, g.plan_id, g.point
                              ORDER BY g.picked IS NULL, g.n_diverged > 0, g.n_picked < g.n_planned,
                                       iif(p.goal = 'min', g.picked, -g.picked), g.ordinal) = 1 AS choice
      FROM g
      LEFT JOIN metric_name m ON m.metric_id = coalesce(g.metric_id,
                                                        (SELECT a.metric_id FROM metric_name a WHERE a.name = g.asked))
      LEFT JOIN metric_name p ON p.metric_id = g.pick_id),
h AS (
    SELECT j.*, j.sd / sqrt(j.n) * t.value AS half
      FROM j LEFT JOIN t95 t ON t.df = CASE WHEN j.n <= 31 THEN j.n - 1 WHEN j.n <= 40 THEN 30
                               WHEN j.n <= 60 THEN 40 WHEN j.n <= 120 THEN 60 ELSE 120 END)
SELECT j.study, j.point, j.trial, j.choice, r.cell_key, j.which, j.metric, j.goal, j.percent,
       j.n, j.n_planned, j.n_diverged, j.n_failed, j.n_nan, j.mean, j.sd,
       j.half, j.median, j.min, j.max,
       iif(j.n > 0, printf(iif(j.percent, '%.1f', '%.4f'), j.mean * iif(j.percent, 100, 1))
                    || iif(j.half IS NULL, '', printf(iif(j.percent, ' ± %.1f', ' ± %.4f'),
                                                      j.half * iif(j.percent, 100, 1)))
                    || printf(' (%d)', j.n)
                    || iif(j.n_diverged > 0, printf(', %d diverged', j.n_diverged), ''),
           iif(j.n_diverged > 0, printf('%d diverged (0)', j.n_diverged), NULL)) AS shown,
       j.ordinal, j.plan_id, j.sweep_id, j.run_id AS any_run_id, c.*
  FROM h AS j JOIN run r ON r.run_id = j.run_id LEFT JOIN cell c ON c.cell_id = j.cell_id;

-- study_cells: one row a point of a study: the trial that the split that chooses liked best. The others are in
-- study_trials.
CREATE VIEW study_cells AS SELECT * FROM study_trials WHERE choice;

-- study_tuning: one row a trial of each study's newest plan. score is the mean over its tuning seeds; n of them have one.
CREATE VIEW study_tuning AS
SELECT w.name AS study, t.point, t.trial, t.outcome, t.edge, t.extension, t.rung, t.epochs AS trained, t.n, t.n_runs,
       t.n_diverged, iif(t.n = t.n_runs, t.mean, NULL) AS score, t.metric, m.goal, m.percent,
       iif(t.n > 0, printf(iif(m.percent, '%.1f', '%.4f'), t.mean * iif(m.percent, 100, 1)) || printf(' (%d)', t.n), '')
           || iif(t.n_diverged > 0, printf('%s%d diverged', iif(t.n > 0, ', ', ''), t.n_diverged), '') AS shown,
       t.ordinal, t.plan_id, t.run_id AS any_run_id, c.*
  FROM (SELECT t.plan_id, t.point, t.trial, min(t.ordinal) AS ordinal, min(t.run_id) AS run_id,
               max(t.outcome) AS outcome, max(t.edge) AS edge, max(t.extension) AS extension, max(t.rung) AS rung,
               max(t.epochs) AS epochs, max(t.metric) AS metric, count(t.score) AS n, avg(t.score) AS mean,
               count(*) AS n_runs, sum(r.state = 'diverged') AS n_diverged
          FROM tuning t JOIN run r ON r.run_id = t.run_id
         GROUP BY t.plan_id, t.point, t.trial) t
  JOIN sweep w ON w.plan_id = t.plan_id
  JOIN run r ON r.run_id = t.run_id
  LEFT JOIN cell c ON c.cell_id = r.cell_id
  LEFT JOIN metric_name m ON m.name = t.metric;
