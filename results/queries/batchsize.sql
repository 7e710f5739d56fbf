-- examples in a batch: mean ± half the width of the 95 % interval (number of seeds) at the chosen learning rate, and the loss against the best batch
-- shows: model task method targets rank batch
WITH c AS MATERIALIZED (
    SELECT s.*, json_extract(r.config, '$.batch') AS batch
      FROM study_cells s JOIN run r ON r.run_id = s.any_run_id
     WHERE s.study = coalesce(:study, 'batchsize') AND (:task IS NULL OR s.task = :task) AND (s.n > 0 OR s.n_diverged > 0))
SELECT model, task, method, targets, rank, batch, lr, metric,
       shown AS "value {text}", mean AS "mean {data}", half AS "half {data}",
       printf('%+.1f', (mean - iif(goal = 'min', min(mean) OVER p, max(mean) OVER p)) * iif(percent, 100, 1))
           AS "against the best batch", n
  FROM c
WINDOW p AS (PARTITION BY model, task, method, targets, rank)
 ORDER BY model, task, min(ordinal) OVER p, batch;
