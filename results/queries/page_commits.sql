-- page: the commits that made the runs which ended with a result; studies= lists names, one per line
SELECT coalesce('unknown: ' || json_extract(e.doc, '$.git.why'), e.git_commit, 'unknown') AS "commit",
       CASE e.git_dirty WHEN 0 THEN 'no' WHEN 1 THEN 'yes' ELSE 'unknown' END AS "uncommitted changes",
       count(DISTINCT r.run_id) AS runs, date(min(a.ended), 'unixepoch') AS "first", date(max(a.ended), 'unixepoch') AS "last"
  FROM run r
  JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN env e ON e.env_id = a.env_id
 WHERE r.state IN ('done', 'diverged')
   AND (:studies IS NULL
        OR r.run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id
                         WHERE instr(char(10) || :studies || char(10), char(10) || w.name || char(10))))
 GROUP BY 1, 2
 ORDER BY max(a.ended) DESC, 1, 2;
