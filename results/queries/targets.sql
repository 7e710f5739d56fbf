-- Table 5: which matrices to adapt at one parameter budget, mean ± half the width of the 95 % interval (number of seeds), next to the paper's
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'targets') AND targets IS NOT NULL AND (:task IS NULL OR task = :task)
       AND (n > 0 OR n_diverged > 0))
SELECT c.model, c.task, c.method, c.targets, c.rank,
       (SELECT a.trainable - a.trainable_head FROM attempt a
         WHERE a.run_id = c.any_run_id ORDER BY a.attempt DESC LIMIT 1) AS parameters,
       c.metric, c.shown AS value, c.n,
       (SELECT value FROM paper WHERE tab = 'T5' AND col = 'rank'
           AND row = 'W' || replace(c.targets, ',', ',W')) AS "paper rank",
       (SELECT value FROM paper WHERE tab = 'T5' AND col = 'WikiSQL'
           AND row = 'W' || replace(c.targets, ',', ',W')) AS "paper WikiSQL",
       (SELECT value FROM paper WHERE tab = 'T5' AND col = 'MNLI-m'
           AND row = 'W' || replace(c.targets, ',', ',W')) AS "paper MNLI"
  FROM c
 ORDER BY c.model, c.task, c.method, c.ordinal;
