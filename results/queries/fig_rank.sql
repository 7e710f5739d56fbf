-- figure: rank on x, a series for each target set; mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'rank') AND rank IS NOT NULL AND (:task IS NULL OR task = :task)),
many AS (
    SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models,
           count(DISTINCT method) > 1 AS many_methods, count(DISTINCT targets) > 1 AS many_targets
      FROM c)
SELECT targets || iif(many_tasks, ' ' || task, '') || iif(many_models, ' ' || model, '')
           || iif(many_methods, ' ' || method, '') AS series,
       rank AS x, mean, mean - half AS lo, mean + half AS hi, n
  FROM c, many
 WHERE n > 0
 ORDER BY series, x;
