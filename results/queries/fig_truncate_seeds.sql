-- figure: the rank that W is cut to on x, a series for each method; one row for each seed
WITH c AS MATERIALIZED (
    SELECT *, iif(instr(model, '@r'), CAST(substr(model, instr(model, '@r') + 2) AS INTEGER), NULL) AS cut
      FROM study_cells WHERE study = coalesce(:study, 'truncate') AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks FROM c)
SELECT c.method || iif(many_tasks, ' ' || c.task, '') AS series, coalesce(c.cut, 'whole') || '' AS x,
       r.seed AS seed, v.value AS value
  FROM many CROSS JOIN study_values v CROSS JOIN c ON c.plan_id = v.plan_id AND c.cell_key = v.cell_key
  JOIN run r ON r.run_id = v.run_id
 WHERE v.main AND v.value IS NOT NULL
 ORDER BY series, c.cut IS NULL, c.cut, seed;
