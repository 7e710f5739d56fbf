-- command: the runs that are excluded, by reason; study=: those that this study would show
WITH x AS (
    SELECT e.key8, e.reason, e.run_id, row_number() OVER (PARTITION BY reason ORDER BY run_id) AS k,
           count(*) OVER (PARTITION BY reason) AS n
      FROM excluded e
     WHERE :study IS NULL
        OR run_id IN (SELECT sr.run_id FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id WHERE w.name = :study))
SELECT iif(n = 1, 'run ', n || ' runs, ') || group_concat(key8, ', ') || iif(n > 6, ', ...', '') AS runs, reason
  FROM (SELECT * FROM x WHERE k <= 6 ORDER BY run_id)
 GROUP BY reason
 ORDER BY min(run_id);
