-- every run in one row; filter with study=, state=, task=, method=
-- shows: all
SELECT key8 AS run, state, model, task, method, targets, rank, alpha, lr, seed, attempts, trainable,
       round(wall_s, 1) AS wall_s, round(tokens_per_s) AS tokens_per_s, round(peak_rss_mb) AS peak_rss_mb,
       metric, round(best, 4) AS best, round(last, 4) AS last, substr(cell_key, 1, 8) AS cell, study
  FROM runs
 WHERE (:state IS NULL OR state = :state) AND (:task IS NULL OR task = :task)
   AND (:method IS NULL OR method = :method)
   AND (:study IS NULL OR run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id
                                      WHERE w.name = :study))
 ORDER BY run_id;
