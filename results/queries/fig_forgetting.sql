-- figure: zero-shot similarity after training (Spearman on STS-B) against the score on the task, a series for each method; one row for each seed
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods'))
SELECT a.method || iif(a.rank IS NULL, '', ' r = ' || a.rank) || coalesce(d.differs, '') AS runs, v.value AS score, a.value AS after,
       (SELECT value FROM analysis b WHERE b.study = a.study AND b.kind = a.kind AND b.settings = a.settings AND b.run_a = a.run_a
           AND b.name = 'spearman_base') AS before
  FROM analyses a LEFT JOIN d USING (cell_key) JOIN study_values v ON v.run_id = a.run_a AND v.main AND v.study = coalesce(:study, 'methods')
 WHERE a.kind = 'forgetting' AND a.name = 'spearman' AND a.study = coalesce(:study, 'methods') AND a.settings = coalesce(:settings, a.newest)
   AND (:task IS NULL OR a.task = :task)
 ORDER BY runs, a.seed;
