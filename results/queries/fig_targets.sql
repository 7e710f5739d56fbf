-- figure: target set on x, a series for each task; mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'targets') AND targets IS NOT NULL AND (:task IS NULL OR task = :task)),
many AS (
    SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models,
           count(DISTINCT method) > 1 AS many_methods, count(DISTINCT targets) > 1 AS many_targets
      FROM c)
SELECT task || iif(many_models, ' ' || model, '') || iif(many_methods, ' ' || method, '') AS series,
       targets AS x, mean, mean - half AS lo, mean + half AS hi, n
  FROM c, many
 WHERE n > 0
 ORDER BY series, ordinal;
