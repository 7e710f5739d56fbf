-- figure: LoRA, other methods and LoRA with each of them on x, a series for each rank; mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells WHERE study = coalesce(:study, 'combine') AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models FROM c)
SELECT iif(rank IS NULL, 'no rank', 'r = ' || rank) || iif(many_tasks, ' ' || task, '')
           || iif(many_models, ' ' || model, '') AS series,
       method AS x, mean, mean - half AS lo, mean + half AS hi, n
  FROM c, many
 WHERE n > 0
 ORDER BY rank IS NOT NULL, rank, series, ordinal;
