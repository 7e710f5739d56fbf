-- rank against training examples: mean ± half the width of the 95 % interval (number of seeds) at the chosen learning rate, and the gain over the smallest rank
-- shows: model task method targets train_n rank
WITH c AS MATERIALIZED (
    SELECT *, first_value(mean) OVER (PARTITION BY model, task, method, targets, train_n ORDER BY rank) AS least
      FROM study_cells
     WHERE study = coalesce(:study, 'capacity') AND rank IS NOT NULL AND (:task IS NULL OR task = :task)
       AND (n > 0 OR n_diverged > 0))
SELECT model, task, method, targets, iif(train_n = 0, 'all', train_n) AS examples, rank, lr, metric,
       shown AS "value {text}", mean AS "mean {data}", half AS "half {data}",
       iif(rank > min(rank) OVER (PARTITION BY model, task, method, targets, train_n),
           printf('%+.1f', (mean - least) * iif(percent, 100, 1)), NULL) AS "gain over the smallest rank", n
  FROM c
 ORDER BY model, task, method, targets, c.train_n = 0, c.train_n, rank;
