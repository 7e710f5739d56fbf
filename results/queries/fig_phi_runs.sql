-- figure: the runs of a study whose adapters were compared, and the commit that made each
SELECT DISTINCT substr(r.run_key, 1, 8) AS key8, e.git_commit, e.git_dirty
  FROM run r
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN env e ON e.env_id = a.env_id
 WHERE r.run_id IN (SELECT run_a FROM phi WHERE study = :study AND settings = newest
                     UNION SELECT run_b FROM phi WHERE study = :study AND settings = newest)
 ORDER BY r.run_id;
