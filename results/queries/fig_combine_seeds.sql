-- figure: LoRA, other methods and LoRA with each of them on x, a series for each rank; one row for each seed
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells WHERE study = coalesce(:study, 'combine') AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks, count(DISTINCT model) > 1 AS many_models FROM c)
SELECT iif(c.rank IS NULL, 'no rank', 'r = ' || c.rank) || iif(many_tasks, ' ' || c.task, '')
           || iif(many_models, ' ' || c.model, '') AS series,
       c.method AS x, r.seed AS seed, v.value AS value
  FROM many CROSS JOIN study_values v CROSS JOIN c ON c.plan_id = v.plan_id AND c.cell_key = v.cell_key
  JOIN run r ON r.run_id = v.run_id
 WHERE v.main AND v.value IS NOT NULL
 ORDER BY c.rank IS NOT NULL, c.rank, series, c.ordinal, seed;
