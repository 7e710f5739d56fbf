-- claim: the time of a forward pass over that of the plain model in the same round, by shape; of= (merged, adapter-h, ...), batch=smallest
WITH r AS MATERIALIZED ( -- run_b is the round here
    SELECT a.study, v.run_b AS round, v.i AS batch, v.j AS length, v.value
      FROM analysed a JOIN analysis_value v ON v.set_id = a.set_id
     WHERE a.kind = 'latency' AND a.settings = '' AND v.name = 'to_base_round' AND v.proj = :of AND v.run_b > 0)
SELECT study AS model, NULL AS task, :of || ' over base, batch ' || batch || ', length ' || length AS part,
       round AS unit, value, 1 AS ref
  FROM r
 WHERE :batch IS NULL OR batch = (SELECT min(batch) FROM r x WHERE x.study = r.study)
 ORDER BY study, batch, length, round;
