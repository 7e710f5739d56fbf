-- claim: the best value of a nuisance key (y=lr) for each value of an axis (x=alpha), for every seed
WITH t AS (
    SELECT s.plan_id, s.metric,
           json_patch(coalesce(json_extract(w.spec, '$.axes'), '{}'),
                      coalesce(json_extract(w.spec, '$.zip'), '{}')) AS axes
      FROM study s JOIN sweep w ON w.sweep_id = s.sweep_id WHERE s.study = :study),
v AS MATERIALIZED (
    SELECT r.model, r.task, r.seed, r.run_id, sr.ordinal, d.value * iif(m.goal = 'min', -1, 1) AS dev,
           json_extract(r.config, '$.' || :x) AS x, json_extract(r.config, '$.' || :y) AS y,
           (SELECT group_concat(k.key || '=' || coalesce(json_extract(r.config, '$.' || k.key), '-'), ' ')
              FROM json_each(t.axes) k WHERE k.key NOT IN ('task', 'model', 'seed', :x, :y)) AS part
      FROM t
      JOIN metric_name m ON m.name = coalesce(:metric, t.metric)
      CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id
      CROSS JOIN run r ON r.run_id = sr.run_id AND r.state = 'done'
      JOIN result d ON d.run_id = r.run_id AND d.which = iif(r.apart, 'select_best', 'last')
                       AND d.metric_id = m.metric_id),
o AS (
    SELECT *, row_number() OVER (PARTITION BY model, task, part, seed, x ORDER BY dev IS NULL, -dev, ordinal) AS place,
           count(*) OVER (PARTITION BY model, task, part, seed, x) AS tried
      FROM v WHERE x IS NOT NULL AND y IS NOT NULL)
SELECT model, task, coalesce(part, 'best ' || :y || ' against ' || :x) AS part, seed AS unit, x, y AS value
  FROM o WHERE place = 1 AND tried > 1
 ORDER BY model, task, part, seed, x;
