-- page: the cells of a study (study=NAME): the keys that set each apart as key=value lines, its result, its seeds
WITH k AS (SELECT DISTINCT e.value AS key FROM sweep w, json_each(w.spec, '$.varied') e WHERE w.name = :study),
old AS ( -- planned before the words of the command were stored: every setting becomes a word
    SELECT json_type(spec, '$.words') IS NULL AS all_keys FROM sweep WHERE name = :study),
s AS MATERIALIZED (
    SELECT r.cell_key, min(r.seed) AS seed
      FROM sweep w
      CROSS JOIN sweep_run sr ON sr.plan_id = w.plan_id
      CROSS JOIN run r ON r.run_id = sr.run_id
     WHERE w.name = :study
     GROUP BY r.cell_key),
t AS MATERIALIZED (SELECT * FROM study_trials WHERE study = :study)
SELECT substr(t.cell_key, 1, 8) AS cell,
       (SELECT group_concat(key || '=' || value, char(10))
          FROM (SELECT j.key, CASE WHEN j.key = 'targets' THEN r.targets ELSE j.value END AS value
                  FROM run r, json_each(r.config) j
                 WHERE r.run_id = t.any_run_id AND j.key IN (SELECT key FROM k) AND j.value IS NOT NULL
                 ORDER BY j.key)) AS varied,
       (SELECT group_concat(key || '=' || value, char(10))
          FROM (SELECT j.key, CASE j.key WHEN 'targets' THEN r.targets
                              WHEN 'task' THEN coalesce(r.config ->> '$."task.file"', j.value) ELSE j.value END AS value
                  FROM old, run r, json_each(r.config) j
                 WHERE r.run_id = t.any_run_id AND j.key NOT IN ('seed', 'task.file') AND j.value IS NOT NULL
                   AND (old.all_keys OR j.key IN (SELECT key FROM k))
                 ORDER BY j.key)) AS words,
       t.shown AS value, t.n, t.n_planned, t.n_diverged, t.n_failed, t.choice, s.seed
  FROM t JOIN s ON s.cell_key = t.cell_key
 ORDER BY min(t.ordinal) OVER (PARTITION BY t.point), t.point, t.choice DESC, t.ordinal;
