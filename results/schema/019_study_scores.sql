-- Schema 19: every final number of a study's cells, not only the metric that the study shows.

-- study_scores: statistics of each metric of each cell of study_cells over the study's finished runs, of the same kind
-- (which) and with the same columns n to shown as there.
CREATE VIEW study_scores AS
WITH v AS (
    SELECT c.study, c.plan_id, c.cell_id, c.which, c.n_diverged, m.name AS metric, m.goal, m.percent,
           count(x.value) AS n, avg(x.value) AS mean,
           CASE WHEN count(x.value) > 1 THEN
               sqrt(max(sum(x.value * x.value) - count(x.value) * avg(x.value) * avg(x.value), 0)
                    / (count(x.value) - 1)) END AS sd
      FROM study_cells c
      JOIN sweep_run sr ON sr.plan_id = c.plan_id
      JOIN run r ON r.run_id = sr.run_id AND r.cell_id = c.cell_id AND r.state = 'done'
      JOIN result x ON x.run_id = r.run_id AND x.which = iif(c.which = 'chosen' AND NOT c.apart, 'best', c.which)
      JOIN metric_name m ON m.metric_id = x.metric_id
     GROUP BY c.study, c.plan_id, c.cell_id, x.metric_id),
h AS (
    SELECT v.*, v.sd / sqrt(v.n) * t.value AS half
      FROM v LEFT JOIN t95 t ON t.df = CASE WHEN v.n <= 31 THEN v.n - 1 WHEN v.n <= 40 THEN 30
                               WHEN v.n <= 60 THEN 40 WHEN v.n <= 120 THEN 60 ELSE 120 END)
SELECT study, plan_id, cell_id, which, metric, goal, percent, n, n_diverged, mean, sd, half,
       printf(iif(percent, '%.1f', '%.4f'), mean * iif(percent, 100, 1))
           || iif(half IS NULL, '', printf(iif(percent, ' ± %.1f', ' ± %.4f'), half * iif(percent, 100, 1)))
           || printf(' (%d)', n) || iif(n_diverged > 0, printf(', %d diverged', n_diverged), '') AS shown
  FROM h WHERE n > 0;
