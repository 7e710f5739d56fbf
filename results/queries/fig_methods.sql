-- figure: a line for every method, a panel for each task; mean and 95 % interval over seeds
SELECT task || iif((SELECT count(DISTINCT model) FROM study_cells WHERE study = coalesce(:study, 'methods')) > 1,
                   ' ' || model, '') AS task,
       CASE metric WHEN 'f1' THEN 'F1' WHEN 'f1_macro' THEN 'macro F1' WHEN 'pearson' THEN 'Pearson'
                   WHEN 'matthews' THEN 'Matthews' WHEN 'spearman' THEN 'Spearman' ELSE metric END
           || iif(NOT percent, '', iif(metric IN ('accuracy', 'f1', 'f1_macro'), ' (%)', ' × 100')) AS metric,
       method AS x, iif(percent, 100, 1) * (mean - half) AS lo, iif(percent, 100, 1) * (mean + half) AS hi, n,
       iif(percent, 100, 1) * mean AS mean
  FROM study_cells
 WHERE study = coalesce(:study, 'methods') AND n > 0 AND (:task IS NULL OR task = :task)
 ORDER BY min(ordinal) OVER (PARTITION BY task), model, ordinal;
