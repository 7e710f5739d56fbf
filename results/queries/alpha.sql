-- alpha at each rank: mean ± half the width of the 95 % interval (number of seeds); the paper keeps alpha at the first rank tried
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'alpha') AND alpha IS NOT NULL AND (:task IS NULL OR task = :task)
       AND (n > 0 OR n_diverged > 0))
SELECT c.model, c.task, c.method, c.targets, c.rank, c.alpha, c.alpha / nullif(c.rank, 0) AS scale, c.trial,
       c.metric, c.shown AS value, c.n
  FROM c
 ORDER BY c.model, c.task, c.method, c.targets, c.rank, c.alpha;
