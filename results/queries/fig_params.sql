-- figure: trainable parameters on x, a series for each method (LoRA: for each target set); mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT c.*, (SELECT a.trainable - a.trainable_head FROM attempt a
                  WHERE a.run_id = c.any_run_id ORDER BY a.attempt DESC LIMIT 1) AS trained
      FROM study_cells c
     WHERE c.study = coalesce(:study, 'params') AND c.n > 0 AND (:task IS NULL OR c.task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models FROM c)
SELECT method || coalesce(' ' || targets, '') || iif(many_tasks, ' ' || task, '') || iif(many_models, ' ' || model, '')
           AS series, trained AS x, mean - half AS lo, mean + half AS hi, n, mean
  FROM c, many
 WHERE trained > 0
 ORDER BY min(ordinal) OVER (PARTITION BY method), targets, task, model, x;
