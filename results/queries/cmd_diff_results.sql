-- command: the final numbers in which two runs or cells (a=, b=) differ; of a cell the mean over its finished runs
WITH side(n, run_id) AS (
    SELECT 0, run_id FROM run WHERE run_key = :a OR (cell_key = :a AND state = 'done')
    UNION ALL
    SELECT 1, run_id FROM run WHERE run_key = :b OR (cell_key = :b AND state = 'done')),
g AS (
    SELECT x.which, x.metric_id, min(x.ordinal) AS ordinal,
           avg(iif(s.n = 0, x.value, NULL)) AS a, count(iif(s.n = 0, x.value, NULL)) AS n_a,
           avg(iif(s.n = 1, x.value, NULL)) AS b, count(iif(s.n = 1, x.value, NULL)) AS n_b
      FROM side s JOIN result x ON x.run_id = s.run_id
     GROUP BY x.which, x.metric_id)
SELECT g.which, m.name AS metric, g.a, g.n_a, g.b, g.n_b, g.b - g.a AS difference
  FROM g JOIN metric_name m ON m.metric_id = g.metric_id
 WHERE g.a IS NOT g.b OR g.n_a <> g.n_b
 ORDER BY g.which, g.ordinal;
