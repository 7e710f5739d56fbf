-- export: the curves of a study's (study=) runs: one row for each point
SELECT t.study, substr(r.run_key, 1, 8) AS run, substr(r.cell_key, 1, 8) AS cell, r.seed, u.split, u.metric, u.step, u.value
  FROM study t
  CROSS JOIN sweep_run s ON s.plan_id = t.plan_id
  CROSS JOIN run r ON r.run_id = s.run_id AND r.state IN ('done', 'diverged')
  CROSS JOIN curves u ON u.run_id = r.run_id
 WHERE t.study = :study
 ORDER BY s.ordinal, r.seed, u.split, u.metric, u.step;
