-- every cell (a configuration without its seed) with statistics over its seeds; filter with task=, method=, metric=, which=
-- shows: all
SELECT model, task, method, targets, rank, alpha, lr, which, metric, n, mean, sd, half, median, min, max, n_diverged,
       n_nan, substr(cell_key, 1, 8) AS cell
  FROM cells
 WHERE (:task IS NULL OR task = :task) AND (:method IS NULL OR method = :method)
   AND (:metric IS NULL OR metric = :metric) AND (:which IS NULL OR which = :which)
 ORDER BY model, task, method, targets, rank, alpha, lr, which, metric;
