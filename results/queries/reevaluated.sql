-- what 'lowrank reevaluate' scored (study=, task=, split=, n=; run= or cell= the first digits of a key): mean ± half the width of the 95 % interval (number of seeds)
-- shows: all
WITH v AS (
    SELECT e.*, avg(value) OVER (PARTITION BY cell_key, adapter, split, n, metric) AS mu
      FROM evaluations e
     WHERE (:study IS NULL OR run_id IN (SELECT sr.run_id FROM study s JOIN sweep_run sr ON sr.plan_id = s.plan_id
                                          WHERE s.study = :study))
       AND (:task IS NULL OR task = :task) AND (:split IS NULL OR split = :split)
       AND (:n IS NULL OR n = CAST(:n AS INTEGER)) AND (:run IS NULL OR (run_key >= :run AND run_key < :run || 'g'))
       AND (:cell IS NULL OR (cell_key >= :cell AND cell_key < :cell || 'g'))),
g AS (
    SELECT cell_key, adapter, split, n AS asked, metric, ordinal, min(percent) AS percent, min(examples) AS examples,
           count(value) AS n, count(*) - count(value) AS n_nan, avg(value) AS mean, min(model) AS model,
           min(task) AS task, min(method) AS method, min(targets) AS targets, min(rank) AS rank, min(lr) AS lr,
           CASE WHEN count(value) > 1 THEN sqrt(sum((value - mu) * (value - mu)) / (count(value) - 1)) END AS sd,
           min(run_id) AS first
      FROM v GROUP BY cell_key, adapter, split, n, metric)
SELECT model, task, method, targets, rank, lr, adapter, split, examples, metric,
       iif(n > 0, printf(iif(percent, '%.1f', '%.4f'), mean * iif(percent, 100, 1))
                  || iif(n > 1, printf(iif(percent, ' ± %.1f', ' ± %.4f'),
                                       sd / sqrt(n) * t.value * iif(percent, 100, 1)), '')
                  || printf(' (%d)', n), NULL) AS "value {text}",
       mean AS "mean {data}", sd / sqrt(n) * t.value AS "half {data}",
       n, n_nan, substr(cell_key, 1, 8) AS cell
  FROM g LEFT JOIN t95 t ON t.df = CASE WHEN g.n <= 31 THEN g.n - 1 WHEN g.n <= 40 THEN 30
                                   WHEN g.n <= 60 THEN 40 WHEN g.n <= 120 THEN 60 ELSE 120 END
 ORDER BY first, adapter, split, asked, ordinal;
