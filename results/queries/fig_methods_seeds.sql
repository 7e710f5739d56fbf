-- figure: a line for every method, a panel for each task; one row for each seed
SELECT c.task || iif((SELECT count(DISTINCT model) FROM study_cells WHERE study = coalesce(:study, 'methods')) > 1,
                     ' ' || c.model, '') AS task,
       c.method AS x, r.seed AS seed, iif(v.percent, 100, 1) * v.value AS value
  FROM study_values v CROSS JOIN study_cells c ON c.plan_id = v.plan_id AND c.cell_key = v.cell_key
  JOIN run r ON r.run_id = v.run_id
 WHERE v.study = coalesce(:study, 'methods') AND v.main AND v.value IS NOT NULL AND (:task IS NULL OR c.task = :task)
 ORDER BY min(c.ordinal) OVER (PARTITION BY c.task), c.model, c.ordinal, seed;
