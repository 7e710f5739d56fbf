-- figure: the rank that W is cut to on x, a series for each method; mean and 95 % interval over seeds
WITH c AS MATERIALIZED (
    SELECT *, iif(instr(model, '@r'), CAST(substr(model, instr(model, '@r') + 2) AS INTEGER), NULL) AS cut
      FROM study_cells WHERE study = coalesce(:study, 'truncate') AND (:task IS NULL OR task = :task)),
many AS (SELECT count(DISTINCT task) > 1 AS many_tasks FROM c)
SELECT method || iif(many_tasks, ' ' || task, '') AS series, coalesce(cut, 'whole') || '' AS x,
       mean, mean - half AS lo, mean + half AS hi, n
  FROM c, many
 WHERE n > 0
 ORDER BY min(ordinal) OVER (PARTITION BY method), series, cut IS NULL, cut;
