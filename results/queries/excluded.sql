-- the runs that are excluded, and why; filter with study=
-- shows: all
SELECT key8 AS run, reason, was AS state, excluded, task, method, targets, rank, lr, seed, study
  FROM excluded
 WHERE :study IS NULL
    OR run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id WHERE w.name = :study)
 ORDER BY run_id;
