-- figure: training examples on x, a series for each method; mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'lowdata') AND train_n > 0 AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models FROM c)
SELECT method || iif(many_tasks, ' ' || task, '') || iif(many_models, ' ' || model, '') AS series,
       train_n AS x, mean, mean - half AS lo, mean + half AS hi, n
  FROM c, many
 WHERE n > 0
 ORDER BY min(ordinal) OVER (PARTITION BY method), series, x;
