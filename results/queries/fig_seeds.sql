-- figure: one point for each run: order_seed on x, a series for each init_seed, a panel for each method
SELECT r.method || iif((SELECT count(DISTINCT task) FROM study_cells WHERE study = coalesce(:study, 'seeds')) > 1,
                       ' ' || r.task, '') AS method,
       'init_seed ' || json_extract(r.config, '$.init_seed') AS series, json_extract(r.config, '$.order_seed') AS x,
       r.seed AS seed, v.value AS value
  FROM study_values v JOIN run r ON r.run_id = v.run_id
 WHERE v.study = coalesce(:study, 'seeds') AND v.main AND v.value IS NOT NULL AND (:task IS NULL OR r.task = :task)
 ORDER BY r.method DESC, r.task, series, x, seed;
