-- figure: target set on x, a series for each task; one row for each seed
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'targets') AND targets IS NOT NULL AND (:task IS NULL OR task = :task)),
many AS (
    SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models,
           count(DISTINCT method) > 1 AS many_methods, count(DISTINCT targets) > 1 AS many_targets
      FROM c)
SELECT c.task || iif(many_models, ' ' || c.model, '') || iif(many_methods, ' ' || c.method, '') AS series,
       c.targets AS x, r.seed AS seed, v.value AS value
  FROM many CROSS JOIN study_values v CROSS JOIN c ON c.plan_id = v.plan_id AND c.cell_key = v.cell_key
  JOIN run r ON r.run_id = v.run_id
 WHERE v.main AND v.value IS NOT NULL
 ORDER BY series, c.ordinal, seed;
