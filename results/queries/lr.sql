-- the learning rate: for each method, rank and set of matrices the best rate of the grid, the score there and at half and twice the rate, and the span of rates that are at most one point worse
-- shows: model task method targets rank alpha train_n lr
WITH c AS MATERIALIZED (
    SELECT *, json_array(model, task, method, targets, rank, alpha, train_n) AS arm,
           iif(goal = 'min', -1, 1) * mean AS score,
           row_number() OVER (PARTITION BY model, task, method, targets, rank, alpha, train_n
                              ORDER BY mean IS NULL, iif(goal = 'min', mean, -mean), lr) AS place
      FROM study_cells
     WHERE study = coalesce(:study, 'lr') AND (:task IS NULL OR task = :task) AND (n > 0 OR n_diverged > 0))
SELECT b.model, b.task, b.method, b.targets, b.rank, b.alpha, b.lr AS "best lr",
       CASE b.lr WHEN min(o.lr) THEN 'smallest' WHEN max(o.lr) THEN 'largest' ELSE '' END AS "edge of the grid",
       b.metric, b.shown AS "value {text}", b.mean AS "mean {data}", b.half AS "half {data}",
       h.shown AS "at lr / 2 {text}", h.mean AS "at lr / 2 mean {data}", h.half AS "at lr / 2 half {data}",
       t.shown AS "at 2 lr {text}", t.mean AS "at 2 lr mean {data}", t.half AS "at 2 lr half {data}",
       (SELECT printf('%g to %g', min(d.lr), max(d.lr)) FROM c d
         WHERE d.arm = b.arm AND d.score >= b.score - 0.01 * iif(b.percent, 1, abs(b.score))) AS "within a point",
       sum(o.n_diverged) AS diverged, count(*) AS tried
  FROM c b JOIN c o ON o.arm = b.arm
  LEFT JOIN c h ON h.arm = b.arm AND abs(h.lr * 2 - b.lr) < 0.05 * b.lr
  LEFT JOIN c t ON t.arm = b.arm AND abs(t.lr / 2 - b.lr) < 0.05 * b.lr
 WHERE b.place = 1 AND b.n > 0
 GROUP BY b.cell_key
 ORDER BY min(b.ordinal);
