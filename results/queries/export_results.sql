-- export: tidy results of a study (study=): one row for each run, kind and metric, with every recipe key
SELECT t.study, substr(r.run_key, 1, 8) AS run, substr(r.cell_key, 1, 8) AS cell, r.seed, r.state, x.which, m.name AS metric,
       x.value, x.step, a.trainable - a.trainable_head AS parameters, a.train_s, a.peak_rss / 1e6 AS peak_rss_mb, c.*
  FROM study t
  CROSS JOIN sweep_run s ON s.plan_id = t.plan_id
  CROSS JOIN run r ON r.run_id = s.run_id AND r.state IN ('done', 'diverged')
  CROSS JOIN cell c ON c.cell_id = r.cell_id
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN result x ON x.run_id = r.run_id
  LEFT JOIN metric_name m ON m.metric_id = x.metric_id
 WHERE t.study = :study
 ORDER BY s.ordinal, r.seed, x.which, x.ordinal;
