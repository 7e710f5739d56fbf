-- page: each study with a finished or diverged run: its titles, the command that asked for it, its progress; studies= lists names, one per line
SELECT w.name AS study, json_extract(w.spec, '$.title') AS title, json_extract(w.spec, '$.source') AS source,
       json_extract(w.spec, '$.table') AS "table", json_extract(w.spec, '$.figure') AS figure,
       json_extract(w.spec, '$.recipe') AS recipe, json_extract(w.spec, '$.profile') AS profile,
       (SELECT group_concat(value, char(10)) FROM json_each(w.spec, '$.words')) AS words,
       (SELECT group_concat(value, char(10)) FROM json_each(w.spec, '$.run_words')) AS run_words,
       -- --seeds N means 1..N, which the list of the study may not be
       (SELECT iif(min(value) = 1 AND max(value) = count(*), count(*), NULL) FROM json_each(w.spec, '$.seeds'))
           AS seeds,
       s.which, s.metric, p.base,
       count(*) AS runs, sum(r.state = 'done') AS done, sum(r.state = 'diverged') AS diverged,
       sum(r.state = 'failed') AS failed, sum(r.state IN ('queued', 'running')) AS unfinished
  FROM sweep w
  JOIN study s ON s.sweep_id = w.sweep_id
  JOIN plan p ON p.plan_id = w.plan_id
  CROSS JOIN sweep_run sr ON sr.plan_id = w.plan_id
  CROSS JOIN run r ON r.run_id = sr.run_id
 WHERE iif(:studies IS NULL, w.name <> 'run' AND w.archived IS NULL, -- runs of 'lowrank run' are not a study
           instr(char(10) || :studies || char(10), char(10) || w.name || char(10)))
 GROUP BY w.sweep_id
HAVING sum(r.state IN ('done', 'diverged')) > 0
 ORDER BY w.sweep_id;
