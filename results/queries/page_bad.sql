-- page: the runs of a study (study=NAME) that failed or diverged, and why
SELECT substr(r.run_key, 1, 8) AS run, r.state, r.task, r.method, r.targets, r.rank, r.lr, r.seed, a.error
  FROM sweep w
  CROSS JOIN sweep_run sr ON sr.plan_id = w.plan_id
  CROSS JOIN run r ON r.run_id = sr.run_id
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
 WHERE w.name = :study AND r.state IN ('failed', 'diverged')
 ORDER BY r.state DESC, sr.ordinal
 LIMIT 20;
