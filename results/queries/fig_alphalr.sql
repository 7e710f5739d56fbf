-- figure: alpha (place on x) against learning rate (place on y), mean over seeds; best is 1 for the best rate of an alpha
WITH c AS MATERIALIZED (
    SELECT *, model || ' ' || task || ' ' || method || coalesce(' r = ' || rank, '') AS panel
      FROM study_cells
     WHERE study = coalesce(:study, 'alphalr') AND alpha IS NOT NULL AND n > 0 AND (:task IS NULL OR task = :task))
SELECT panel, printf('%g', alpha) AS alpha, dense_rank() OVER (PARTITION BY panel ORDER BY lr) AS y, lr,
       row_number() OVER (PARTITION BY panel, alpha ORDER BY iif(goal = 'min', mean, -mean), ordinal) = 1 AS best,
       n, mean
  FROM c
 ORDER BY panel, c.alpha, c.lr;
