-- command: the runs that only earlier plans of a study have, so that no table shows them: when they were planned, and what the newest plan has instead; filter with study=
WITH newest AS MATERIALIZED (
    SELECT run_id FROM sweep_run WHERE plan_id IN (SELECT plan_id FROM sweep)
    UNION SELECT run_id FROM tuning WHERE plan_id IN (SELECT plan_id FROM sweep)),
old AS MATERIALIZED (
    SELECT p.plan_id, w.name AS study, w.sweep_id, p.planned, p.base AS was, n.base AS now,
           count(*) AS runs, sum(r.state = 'done') AS done
      FROM sweep w JOIN plan p ON p.sweep_id = w.sweep_id AND p.plan_id <> w.plan_id
      JOIN plan n ON n.plan_id = w.plan_id
      JOIN (SELECT plan_id, run_id FROM sweep_run UNION SELECT plan_id, run_id FROM tuning) l ON l.plan_id = p.plan_id
      JOIN run r ON r.run_id = l.run_id
     WHERE (w.archived IS NULL OR w.name = :study) AND (:study IS NULL OR w.name = :study)
       AND l.run_id NOT IN (SELECT run_id FROM newest)
     GROUP BY p.plan_id),
line AS ( -- a plan's "key=value" lines
    SELECT o.plan_id, 0 AS is_new, j.value AS kv
      FROM old o, json_each('[' || replace(json_quote(o.was), '\n', '","') || ']') j
    UNION ALL
    SELECT o.plan_id, 1, j.value FROM old o, json_each('[' || replace(json_quote(o.now), '\n', '","') || ']') j),
kv AS (
    SELECT plan_id, is_new, substr(kv, 1, instr(kv, '=') - 1) AS key, substr(kv, instr(kv, '=') + 1) AS value
      FROM line WHERE instr(kv, '=') > 0),
both AS (
    SELECT plan_id, key, max(iif(is_new, NULL, value)) AS was, max(iif(is_new, value, NULL)) AS now
      FROM kv GROUP BY plan_id, key)
SELECT study, datetime(planned, 'unixepoch') AS planned, runs, done,
       coalesce((SELECT group_concat(key || '=' || coalesce(was, 'varied') || ' (now ' || coalesce(now, 'varied') || ')',
                                     ', ')
                   FROM (SELECT * FROM both b WHERE b.plan_id = old.plan_id AND b.was IS NOT b.now ORDER BY key)),
                'other values of its axes') AS had
  FROM old
 ORDER BY sweep_id, planned;
