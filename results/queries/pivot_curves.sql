-- pivot: the curve of a metric (metric=) on a split (split=) for each cell of a study (study=): mean, range and number of seeds at each step
WITH c AS MATERIALIZED (SELECT cell_id, plan_id, ordinal, epochs FROM study_cells WHERE study = :study),
v AS (
    SELECT c.ordinal, c.cell_id, c.epochs, u.step, u.value, r.run_id, max(u.step) OVER (PARTITION BY r.run_id) AS last
      FROM (SELECT DISTINCT plan_id FROM c) p
      CROSS JOIN sweep_run s ON s.plan_id = p.plan_id
      CROSS JOIN run r INDEXED BY run_brief ON r.run_id = s.run_id
      CROSS JOIN c ON c.cell_id = r.cell_id
      CROSS JOIN curves u ON u.run_id = r.run_id AND u.split = :split AND u.metric = :metric
     WHERE u.value IS NOT NULL)
SELECT cell_id, step, 1.0 * step * epochs / last AS epoch, avg(value) AS mean, min(value) AS lo, max(value) AS hi, count(*) AS n,
       (SELECT percent FROM metric_name WHERE name = :metric) AS percent
  FROM v GROUP BY ordinal, cell_id, step ORDER BY ordinal, step;
