-- claim: the best value of a nuisance key (y=lr), fitted on a logarithmic scale, for each value of an axis (x=alpha), for every seed
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
      JOIN result d ON d.run_id = r.run_id AND d.which = 'last' AND d.metric_id = m.metric_id),
g AS ( -- one value for each y, in the order of y; w has the neighbors
    SELECT model, task, part, seed, x, y, max(dev) AS dev, min(ordinal) AS ordinal
      FROM v WHERE x IS NOT NULL AND y IS NOT NULL GROUP BY model, task, part, seed, x, y),
o AS (
    SELECT *, row_number() OVER (w ORDER BY dev IS NULL, -dev, ordinal) AS place, count(*) OVER w AS tried,
           lag(dev) OVER (w ORDER BY y) - dev AS f1, lead(dev) OVER (w ORDER BY y) - dev AS f2,
           ln(lag(y) OVER (w ORDER BY y) / y) AS u1, ln(lead(y) OVER (w ORDER BY y) / y) AS u2
      FROM g WINDOW w AS (PARTITION BY model, task, part, seed, x)),
best AS (
    SELECT *, min(tried) OVER (PARTITION BY model, task, part) AS grid FROM o WHERE place = 1 AND tried > 1)
SELECT model, task, coalesce(part, 'best ' || :y || ' against ' || :x) AS part, seed AS unit, x,
       y * coalesce(exp((u1 * u1 * f2 - u2 * u2 * f1) / nullif(2 * (u1 * f2 - u2 * f1), 0)), 1) AS value, grid
  FROM best
 ORDER BY model, task, part, seed, x;
