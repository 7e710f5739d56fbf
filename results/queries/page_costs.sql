-- page: time and memory of each study over all attempts, with those of its trials; studies= lists names, one per line
SELECT w.name AS study, count(DISTINCT r.run_id) AS runs, count(*) AS attempts,
       round(sum(a.wall_s), 1) AS "wall s", round(sum(a.cpu_s), 1) AS "CPU s",
       round(sum(CASE WHEN a.attempt = r.attempts THEN a.tokens END)
             / nullif(sum(CASE WHEN a.attempt = r.attempts THEN a.train_s END), 0)) AS "tokens/s",
       round(max(a.peak_rss) / 1e6) AS "peak MB"
  FROM sweep w
  JOIN (SELECT plan_id, run_id FROM sweep_run UNION SELECT plan_id, run_id FROM tuning) sr ON sr.plan_id = w.plan_id
  JOIN run r ON r.run_id = sr.run_id
  JOIN attempt a ON a.run_id = r.run_id
 WHERE iif(:studies IS NULL, w.name <> 'run',
           instr(char(10) || :studies || char(10), char(10) || w.name || char(10)))
   AND a.outcome IS NOT NULL
 GROUP BY w.sweep_id
 ORDER BY w.sweep_id;
