-- command: two cells (a=, b=), seed by seed: their runs and values of which= and metric= (by default of the chosen evaluation, or of the last one where dev does both, if it has the metric, else of the best; the task's own metric); where the answers are
WITH r AS (
    SELECT iif(cell_key = :a, 0, 1) AS n, run_id, seed, task, state,
           coalesce(:which, CASE WHEN apart THEN 'chosen' -- generated texts have scores of the best evaluation alone
               WHEN :metric IS NULL OR EXISTS (SELECT 1 FROM result y JOIN metric_name z ON z.metric_id = y.metric_id
                     WHERE y.run_id = run.run_id AND y.which = 'last' AND z.name = :metric) THEN 'last' ELSE 'best' END) AS which,
           coalesce(json_extract(config, '$.report'), 'dev') AS reports
      FROM run WHERE cell_key IN (:a, :b)),
v AS (
    SELECT r.*, x.value, m.name AS metric, m.goal, m.percent
      FROM r JOIN result x ON x.run_id = r.run_id AND x.which = r.which JOIN metric_name m ON m.metric_id = x.metric_id
     WHERE r.state = 'done' AND iif(:metric IS NULL, x.ordinal = (SELECT min(ordinal) FROM result y
             JOIN metric_name z ON z.metric_id = y.metric_id
            WHERE y.run_id = r.run_id AND y.which = r.which AND z.name <> 'loss'), m.name = :metric))
SELECT x.seed, x.run_id AS run_a, y.run_id AS run_b, x.value AS a, y.value AS b, x.metric, x.goal, x.percent, x.which,
       CASE WHEN x.which = 'chosen' THEN x.reports WHEN x.which LIKE 'test%' THEN 'test' ELSE 'dev' END AS split,
       x.which IN ('last', 'test', 'chosen') AS answered
  FROM v x JOIN v y ON y.n = 1 AND y.seed = x.seed AND y.metric = x.metric AND y.which = x.which
 WHERE x.n = 0 AND x.value IS NOT NULL AND y.value IS NOT NULL
 ORDER BY x.seed;
