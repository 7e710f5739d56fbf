-- page: the files that runs read, by content; weights and tokenizer belong to a model, the others to a task; studies= lists names, one per line
SELECT i.role, iif(i.role IN ('weights', 'tokenizer', 'config'), r.model, r.task) AS "of", i.sha256 AS "SHA-256",
       f.bytes, count(DISTINCT r.run_id) AS runs
  FROM run r
  JOIN run_input i ON i.run_id = r.run_id AND i.attempt = r.attempts
  JOIN artifact f ON f.sha256 = i.sha256
 WHERE r.state IN ('done', 'diverged') AND i.role <> 'adapter'
   AND (:studies IS NULL
        OR r.run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id
                         WHERE instr(char(10) || :studies || char(10), char(10) || w.name || char(10))))
 GROUP BY 1, 2, 3
 ORDER BY 2, 1, 3;
