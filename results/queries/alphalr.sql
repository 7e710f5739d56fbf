-- alpha against the learning rate: the best rate for each alpha, mean ± half the width of the 95 % interval (number of seeds); lr x alpha is constant if tuning one is the same as tuning the other
-- shows: model task method targets rank alpha lr
WITH c AS MATERIALIZED (
    SELECT *, row_number() OVER (PARTITION BY model, task, method, targets, rank, alpha
                                 ORDER BY mean IS NULL, iif(goal = 'min', mean, -mean), ordinal) AS place
      FROM study_cells
     WHERE study = coalesce(:study, 'alphalr') AND alpha IS NOT NULL AND (:task IS NULL OR task = :task)
       AND (n > 0 OR n_diverged > 0))
SELECT c.model, c.task, c.method, c.targets, c.rank, c.alpha, c.lr AS "best lr", c.lr * c.alpha AS "lr x alpha",
       CASE c.lr WHEN min(o.lr) THEN 'smallest' WHEN max(o.lr) THEN 'largest' ELSE '' END AS "edge of the grid",
       c.metric, c.shown AS "value {text}", c.mean AS "mean {data}", c.half AS "half {data}", c.n,
       iif(d.lr IS NULL, NULL, printf('%g: %s', d.lr, d.shown)) AS "second best {text}", d.lr AS "second best lr {data}",
       d.mean AS "second best mean {data}", d.half AS "second best half {data}", count(*) AS tried
  FROM c LEFT JOIN c d ON d.place = 2 AND (d.model, d.task, d.method, d.targets, d.rank, d.alpha)
                                       IS (c.model, c.task, c.method, c.targets, c.rank, c.alpha)
  JOIN c o ON (o.model, o.task, o.method, o.targets, o.rank, o.alpha)
                  IS (c.model, c.task, c.method, c.targets, c.rank, c.alpha)
 WHERE c.place = 1 AND c.n > 0
 GROUP BY c.cell_key
 ORDER BY c.model, c.task, c.method, c.targets, c.rank, c.alpha;
