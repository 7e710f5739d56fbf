-- figure: time and memory of a training step against what 'lowrank bench scale' varied, each axis from its newest measurement
WITH p AS (
    SELECT b.bench_id, v.ordinal,
           max(CASE v.name WHEN 'axis' THEN v.text END) AS axis,
           max(CASE v.name WHEN 'x' THEN v.value END) AS x,
           max(CASE v.name WHEN 'ms_median' THEN v.value END) AS ms,
           max(CASE v.name WHEN 'tokens_per_s' THEN v.value END) AS tokens_per_s,
           max(CASE v.name WHEN 'peak_rss_mb' THEN v.value END) AS mb
      FROM bench b JOIN bench_value v ON v.bench_id = b.bench_id
     WHERE b.kind = 'scale'
     GROUP BY b.bench_id, v.ordinal),
newest AS (SELECT axis, max(bench_id) AS bench_id FROM p GROUP BY axis)
SELECT p.axis, p.x, p.ms, p.tokens_per_s, p.mb
  FROM p JOIN newest n ON n.axis = p.axis AND n.bench_id = p.bench_id
 WHERE :axis IS NULL OR p.axis = :axis
 ORDER BY CASE p.axis WHEN 'model' THEN 1 WHEN 'length' THEN 2 WHEN 'batch' THEN 3 WHEN 'rank' THEN 4 ELSE 5 END,
          p.x;
