-- figure: learning rate on x, a series for each method, rank and set of matrices; mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT *, method || coalesce(' r = ' || rank, '') || coalesce(' ' || targets, '') AS name
      FROM study_cells
     WHERE study = coalesce(:study, 'lr') AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models FROM c)
SELECT name || iif(many_tasks, ' ' || task, '') || iif(many_models, ' ' || model, '') AS series,
       lr AS x, mean, mean - half AS lo, mean + half AS hi, n
  FROM c, many
 WHERE n > 0
 ORDER BY min(ordinal) OVER (PARTITION BY name), series, x;
