-- command: the best finished run of a study (study=) on the split that chooses, and how much of the study is unfinished
SELECT w.name AS study,
       (SELECT r.run_key FROM study_values v JOIN run r ON r.run_id = v.run_id
         WHERE v.study = w.name AND v.picking AND v.value IS NOT NULL
         ORDER BY iif(v.goal = 'min', v.value, -v.value), r.run_key LIMIT 1) AS run_key,
       (SELECT count(*) FROM sweep_run sr JOIN run r ON r.run_id = sr.run_id
         WHERE sr.plan_id = w.plan_id AND r.state IN ('queued', 'running', 'failed')) +
       (SELECT count(*) FROM (SELECT 1 FROM tuning t WHERE t.plan_id = w.plan_id
         GROUP BY t.point HAVING max(t.outcome = 'chosen') = 0)) AS unfinished
  FROM sweep w
 WHERE w.name = :study;
