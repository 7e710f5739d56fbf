-- how much too good the paper's rule is (study=, task=): the best evaluation on the reported split itself, beside the one that the selection split chose, on the same examples, mean ± half the width of the 95 % interval (number of seeds)
-- shows: all
WITH o AS MATERIALIZED (
    SELECT p.cell_key, p.model, p.task, p.method, p.targets, p.rank, p.lr, p.split, p.metric, p.percent, p.own, p.chosen,
           p.optimism, p.run_id, iif(p.percent, 100, 1) AS scale
      FROM optimism p
     WHERE (:task IS NULL OR p.task = :task)
       AND (:study IS NULL OR p.run_id IN (SELECT sr.run_id FROM study s JOIN sweep_run sr ON sr.plan_id = s.plan_id
                                            WHERE s.study = :study))
       AND (p.ordinal = 0 OR p.metric = (SELECT metric FROM study WHERE study = :study))
       AND (p.metric = (SELECT metric FROM study WHERE study = :study)
            OR NOT EXISTS (SELECT 1 FROM optimism q WHERE q.run_id = p.run_id
                              AND q.metric = (SELECT metric FROM study WHERE study = :study)))),
u AS ( -- each cell, and all runs of a task together
    SELECT cell_key AS unit, 1 AS of_cell, * FROM o
    UNION ALL
    SELECT model || '/' || task || '/' || split || '/' || metric, 0, * FROM o),
m AS (
    SELECT *, scale * avg(own) OVER w AS own_mean, scale * avg(chosen) OVER w AS chosen_mean,
           scale * avg(optimism) OVER w AS mean
      FROM u WINDOW w AS (PARTITION BY unit)),
g AS (
    SELECT unit, of_cell, min(model) AS model, min(task) AS task, min(method) AS method, min(targets) AS targets,
           min(rank) AS rank, min(lr) AS lr, min(split) AS split, min(metric) AS metric, min(percent) AS percent, min(scale) AS scale,
           count(*) AS n, sum(optimism > 0) AS above, min(own_mean) AS own, min(chosen_mean) AS chosen, min(mean) AS mean,
           sqrt(sum((scale * own - own_mean) * (scale * own - own_mean)) / (count(*) - 1.0)) AS own_sd,
           sqrt(sum((scale * chosen - chosen_mean) * (scale * chosen - chosen_mean)) / (count(*) - 1.0)) AS chosen_sd,
           sqrt(sum((scale * optimism - mean) * (scale * optimism - mean)) / (count(*) - 1.0)) AS sd,
           substr(min(cell_key), 1, 8) AS cell, min(run_id) AS first
      FROM m GROUP BY unit)
SELECT model, task, iif(of_cell, method, 'all') AS method, iif(of_cell, targets, NULL) AS targets,
       iif(of_cell, rank, NULL) AS rank, iif(of_cell, lr, NULL) AS lr, split AS reported, metric,
       printf(iif(percent, '%.1f', '%.4f'), own)
           || iif(n > 1, printf(iif(percent, ' ± %.1f', ' ± %.4f'), t.value * own_sd / sqrt(n)), '') AS "paper's rule {text}",
       own / scale AS "paper's rule mean {data}", t.value * own_sd / sqrt(n) / scale AS "paper's rule half {data}",
       printf(iif(percent, '%.1f', '%.4f'), chosen)
           || iif(n > 1, printf(iif(percent, ' ± %.1f', ' ± %.4f'), t.value * chosen_sd / sqrt(n)), '') AS "chosen {text}",
       chosen / scale AS "chosen mean {data}", t.value * chosen_sd / sqrt(n) / scale AS "chosen half {data}",
       printf(iif(percent, '%.2f', '%.4f'), mean)
           || iif(n > 1, printf(iif(percent, ' ± %.2f', ' ± %.4f'), t.value * sd / sqrt(n)), '') AS "optimism {text}",
       mean / scale AS "optimism mean {data}", t.value * sd / sqrt(n) / scale AS "optimism half {data}",
       above AS "runs above 0", n, iif(of_cell, cell, NULL) AS cell
  FROM g LEFT JOIN t95 t ON t.df = CASE WHEN g.n <= 31 THEN g.n - 1 WHEN g.n <= 40 THEN 30
                                   WHEN g.n <= 60 THEN 40 WHEN g.n <= 120 THEN 60 ELSE 120 END
 ORDER BY model, task, split, metric, of_cell DESC, first;
