-- figure: label and scale of the number that a study shows
SELECT CASE s.metric WHEN 'f1' THEN 'F1' WHEN 'f1_macro' THEN 'macro F1' WHEN 'matthews' THEN 'Matthews correlation'
                     WHEN 'pearson' THEN 'Pearson correlation' WHEN 'spearman' THEN 'Spearman correlation'
                     ELSE s.metric END
           || iif(s.which IN ('test', 'test_best'), ' on test', ' on dev')
           || CASE WHEN coalesce(m.percent, 0) = 0 THEN ''
                   WHEN s.metric IN ('accuracy', 'f1', 'f1_macro') THEN ' (%)' ELSE ' × 100' END AS label,
       iif(coalesce(m.percent, 0), 100, 1) AS scale
  FROM study s LEFT JOIN metric_name m ON m.name = s.metric
 WHERE s.study = :study;
