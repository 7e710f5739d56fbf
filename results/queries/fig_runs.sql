-- figure: the finished runs behind the figure of a study, and the commit that made each
SELECT DISTINCT substr(r.run_key, 1, 8) AS key8, e.git_commit, e.git_dirty
  FROM study_cells c
  JOIN sweep_run sr ON sr.plan_id = c.plan_id
  JOIN run r ON r.run_id = sr.run_id AND r.cell_key = c.cell_key AND r.state = 'done'
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN env e ON e.env_id = a.env_id
 WHERE c.study = :study AND (:task IS NULL OR c.task = :task)
 ORDER BY c.ordinal, r.seed;
