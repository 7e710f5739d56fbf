-- figure: the runs that an analysis read (study=, kind=) and the commit that made each
SELECT substr(r.run_key, 1, 8) AS key8, e.git_commit, e.git_dirty
  FROM run r
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN env e ON e.env_id = a.env_id
 WHERE r.run_id IN (SELECT run_a FROM analysis WHERE study = :study AND kind = :kind
                       AND settings = coalesce(:settings, newest))
 ORDER BY r.run_id;
