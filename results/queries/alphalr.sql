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
       c.metric, c.shown AS value, c.n,
       (SELECT printf('%g: %s', d.lr, d.shown) FROM c d
         WHERE d.place = 2 AND (d.model, d.task, d.method, d.targets, d.rank, d.alpha)
                             IS (c.model, c.task, c.method, c.targets, c.rank, c.alpha)) AS "second best",
       count(*) AS tried
  FROM c JOIN c o ON (o.model, o.task, o.method, o.targets, o.rank, o.alpha)
                  IS (c.model, c.task, c.method, c.targets, c.rank, c.alpha)
 WHERE c.place = 1 AND c.n > 0
 GROUP BY c.cell_key
 ORDER BY c.model, c.task, c.method, c.targets, c.rank, c.alpha;
