-- claim: a forward pass's time over the plain model's; of=merged|adapter-h|..., batch=smallest narrows it
WITH ms AS MATERIALIZED (
    SELECT n.study, n.run_a, n.i AS batch, n.j AS length, n.proj AS weights, avg(n.value) AS ms
      FROM analysis n WHERE n.kind = 'latency' AND n.settings = '' AND n.name = 'ms'
     GROUP BY n.study, n.run_a, n.i, n.j, n.proj),
measured AS (
    SELECT bench_id, ordinal,
           max(CASE name WHEN 'model' THEN text END) AS model, max(CASE name WHEN 'weights' THEN text END) AS weights,
           max(CASE name WHEN 'to_base' THEN value END) AS to_base
      FROM bench_value
     WHERE bench_id IN (SELECT bench_id FROM bench WHERE kind = 'forward')
     GROUP BY bench_id, ordinal)
SELECT a.study AS model, NULL AS task, a.weights || ' over base, batch ' || a.batch AS part,
       a.run_a || ' ' || a.length AS unit, a.ms / b.ms AS value, 1 AS ref
  FROM ms a JOIN ms b ON b.study = a.study AND b.run_a = a.run_a AND b.batch = a.batch AND b.length = a.length
                         AND b.weights = 'base'
 WHERE a.weights = :of
   AND (:batch IS NULL OR a.batch = (SELECT min(batch) FROM ms))
UNION ALL
SELECT model, NULL, weights || ' over base, lowrank bench forward', bench_id || ' ' || ordinal, to_base, 1
  FROM measured WHERE weights = :of
 ORDER BY 1, 3, 4;
