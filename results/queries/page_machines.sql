-- page: processors, kernels and builds that made the runs which ended with a result (hosts are only counted); studies= lists names, one per line
SELECT coalesce(e.cpu, 'unknown') AS processor, json_extract(e.doc, '$.cpu.cores') AS cores,
       e.blas_core AS "BLAS kernel", json_extract(e.doc, '$.blas.packed') AS "frozen products",
       e.compiler, json_extract(e.doc, '$.build.flags') AS flags, json_extract(e.doc, '$.build.real') AS numbers,
       json_extract(e.doc, '$.build.version') AS version,
       count(DISTINCT e.host) AS hosts, count(DISTINCT r.run_id) AS runs
  FROM run r
  JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN env e ON e.env_id = a.env_id
 WHERE r.state IN ('done', 'diverged')
   AND (:studies IS NULL
        OR r.run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id
                         WHERE instr(char(10) || :studies || char(10), char(10) || w.name || char(10))))
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
 ORDER BY runs DESC, 1, 2, 3, 4, 5, 6, 7, 8;
