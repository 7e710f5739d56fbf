-- pivot: one number of each finished run of a study's (study=) cells: the metric that the study shows, or metric= of the kind which=, or fact= of the run
WITH c AS MATERIALIZED (
    SELECT c.cell_id, c.plan_id, coalesce(:which, iif(c.which = 'chosen' AND NOT c.apart, 'best', c.which)) AS which,
           coalesce((SELECT metric_id FROM metric_name WHERE name = :metric),
                    (SELECT metric_id FROM metric_name m WHERE m.name = c.metric)) AS metric_id
      FROM study_cells c WHERE c.study = :study)
SELECT r.cell_id, r.run_id, r.seed,
       CASE :fact WHEN 'parameters' THEN a.trainable - a.trainable_head WHEN 'train_s' THEN a.train_s
                  WHEN 'wall_s' THEN (SELECT sum(t.wall_s) FROM attempt t WHERE t.run_id = r.run_id)
                  WHEN 'tokens_per_s' THEN a.tokens / nullif(a.train_s, 0) WHEN 'peak_rss_mb' THEN a.peak_rss / 1e6
                  WHEN 'best_step' THEN x.step ELSE x.value END AS value
  FROM (SELECT DISTINCT plan_id FROM c) p
  CROSS JOIN sweep_run s ON s.plan_id = p.plan_id
  CROSS JOIN run r INDEXED BY run_brief ON r.run_id = s.run_id AND r.state = 'done'
  CROSS JOIN c ON c.cell_id = r.cell_id
  LEFT JOIN result x ON x.run_id = r.run_id AND x.which = c.which AND x.metric_id = c.metric_id
  LEFT JOIN attempt a ON :fact IS NOT NULL AND a.run_id = r.run_id
       AND a.attempt = (SELECT max(attempt) FROM attempt m WHERE m.run_id = r.run_id)
 ORDER BY c.cell_id, r.seed;
