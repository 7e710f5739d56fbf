-- figure: learning rate on x, a series for each method, rank and set of matrices; one row for each seed
WITH c AS MATERIALIZED (
    SELECT *, method || coalesce(' r = ' || rank, '') || coalesce(' ' || targets, '') AS name
      FROM study_cells
     WHERE study = coalesce(:study, 'lr') AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models FROM c)
SELECT c.name || iif(many_tasks, ' ' || c.task, '') || iif(many_models, ' ' || c.model, '') AS series,
       c.lr AS x, r.seed AS seed, v.value AS value
  FROM many CROSS JOIN study_values v CROSS JOIN c ON c.plan_id = v.plan_id AND c.cell_key = v.cell_key
  JOIN run r ON r.run_id = v.run_id
 WHERE v.main AND v.value IS NOT NULL
 ORDER BY series, x, seed;
