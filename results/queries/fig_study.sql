-- figure: label and scale of the metric that a study shows
WITH s AS (SELECT * FROM study WHERE study = :study),
shown AS ( -- several tasks may have different metrics; without results it is the metric of the study
    SELECT DISTINCT metric FROM study_cells WHERE study = :study AND n > 0
    UNION SELECT metric FROM s WHERE NOT EXISTS (SELECT 1 FROM study_cells WHERE study = :study AND n > 0))
SELECT group_concat(CASE x.metric WHEN 'f1' THEN 'F1' WHEN 'f1_macro' THEN 'macro F1'
                                  WHEN 'matthews' THEN 'Matthews correlation' WHEN 'pearson' THEN 'Pearson correlation'
                                  WHEN 'spearman' THEN 'Spearman correlation' ELSE x.metric END, ', ')
           || iif(s.which IN ('test', 'test_best') OR (SELECT max(json_extract(r.config, '$.report')) = 'test'
                    FROM sweep_run p JOIN run r ON r.run_id = p.run_id WHERE p.plan_id = s.plan_id), ' on test', ' on dev')
           || CASE WHEN min(coalesce(m.percent, 0)) = 0 THEN ''
                   WHEN max(x.metric NOT IN ('accuracy', 'f1', 'f1_macro')) = 0 THEN ' (%)' ELSE ' × 100' END AS label,
       iif(min(coalesce(m.percent, 0)), 100, 1) AS scale
  FROM s, shown x LEFT JOIN metric_name m ON m.name = x.metric
 GROUP BY s.study;
