-- claim: two sides of a study paired by seed; a=, b= JSON of recipe keys; match=, by= keys; pick_a=, pick_b=, metric=
WITH t AS (
    SELECT s.plan_id, s.metric, s.which, s.pick,
           json_patch(coalesce(json_extract(w.spec, '$.axes'), '{}'),
                      coalesce(json_extract(w.spec, '$.zip'), '{}')) AS axes
      FROM study s JOIN sweep w ON w.sweep_id = s.sweep_id WHERE s.study = :study),
u AS MATERIALIZED ( -- the runs of the newest plan; a task without the study's metric shows its own
    SELECT sr.point, sr.ordinal, r.run_id, r.cell_key, r.model, r.task, r.seed, r.state, r.config, t.which, t.pick,
           coalesce((SELECT x.metric_id FROM result x JOIN metric_name m ON m.metric_id = x.metric_id
                      WHERE x.run_id = r.run_id AND x.which = t.which AND m.name = coalesce(:metric, t.metric)),
                    (SELECT x.metric_id FROM result x
                      WHERE x.run_id = r.run_id AND x.which = t.which AND x.ordinal = 0)) AS metric_id
      FROM t CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id CROSS JOIN run r ON r.run_id = sr.run_id),
v AS MATERIALIZED (
    SELECT u.*, x.value, d.value * iif(m.goal = 'min', -1, 1) AS dev, m.name AS metric, m.goal, m.percent
      FROM u
      LEFT JOIN metric_name m ON m.metric_id = u.metric_id
      LEFT JOIN result x ON x.run_id = u.run_id AND x.which = u.which AND x.metric_id = u.metric_id
                            AND u.state = 'done'
      LEFT JOIN result d ON d.run_id = u.run_id AND d.which = u.pick AND d.metric_id = u.metric_id
                            AND u.state = 'done'),
c AS ( -- one row a point: its best trial on dev
    SELECT *, row_number() OVER (PARTITION BY point ORDER BY score IS NULL, -score, ordinal) AS choice
      FROM (SELECT model, task, point, cell_key, min(ordinal) AS ordinal, max(config) AS config, avg(dev) AS score,
                   count(value) AS n, max(run_id) AS any_run_id
              FROM v GROUP BY cell_key)),
side AS (
    SELECT 'a' AS side, :a AS keys, coalesce(:pick_a, 'each') AS pick UNION ALL
    SELECT 'b', :b, coalesce(:pick_b, 'each')),
p AS MATERIALIZED ( -- the points of either side
    SELECT side.side, side.pick, c.model, c.task, c.cell_key, c.ordinal, c.config, c.score, c.n,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS trained,
           (SELECT group_concat(m.value || '=' || coalesce(json_extract(c.config, '$.' || m.value), '-'), ' ')
              FROM json_each(coalesce(:match, '[]')) m) AS matched,
           coalesce(json_extract(c.config, '$.' || :by), '') AS grp
      FROM side CROSS JOIN c
     WHERE c.choice = 1 AND side.keys IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM json_each(side.keys) f
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(iif(f.type = 'array', f.value, json_array(f.value))) w,
                              (SELECT json_extract(c.config, '$.' || f.key) AS has)
                 WHERE replace(replace(replace(CAST(has AS TEXT), '["', ''), '"]', ''), '","', ',') = w.value
                    OR (typeof(has) IN ('integer', 'real') AND has = CAST(w.value AS REAL))))),
b AS (
    SELECT *, row_number() OVER w AS place, sum(n = 0) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING
                                                            AND UNBOUNDED FOLLOWING) AS unrun
      FROM p WHERE side = 'b'
    WINDOW w AS (PARTITION BY model, task, matched, iif(pick = 'each', cell_key, grp)
                 ORDER BY CASE pick WHEN 'best' THEN -coalesce(score, -1e9) WHEN 'largest' THEN -trained
                          WHEN 'smallest' THEN trained END, ordinal)),
pair AS MATERIALIZED (
    SELECT a.*, b.cell_key AS b_cell, b.config AS b_config, b.trained AS b_trained,
           b.ordinal AS b_ordinal, row_number() OVER w AS place,
           sum(a.n = 0) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
               * (a.pick <> 'each') + b.unrun * (b.pick <> 'each') AS unrun
      FROM b JOIN p a ON a.side = 'a' AND a.model = b.model AND a.task = b.task AND a.matched IS b.matched
                         AND a.cell_key <> b.cell_key
     WHERE b.pick = 'each' OR b.place = 1
    WINDOW w AS (PARTITION BY b.cell_key, iif(a.pick = 'each', a.cell_key, a.grp)
                 ORDER BY CASE a.pick WHEN 'best' THEN -coalesce(a.score, -1e9) WHEN 'largest' THEN -a.trained
                          WHEN 'smallest' THEN a.trained END, a.ordinal)),
named AS (
    SELECT pair.*,
           (SELECT group_concat(k.key || '=' || coalesce(json_extract(pair.config, '$.' || k.key), '-'), ' ')
              FROM t, json_each(t.axes) k
             WHERE k.key NOT IN ('task', 'model', 'seed', 'lr', 'epochs', 'batch')
               AND json_extract(pair.config, '$.' || k.key) IS NOT json_extract(b_config, '$.' || k.key)) AS a_name,
           (SELECT group_concat(k.key || '=' || coalesce(json_extract(b_config, '$.' || k.key), '-'), ' ')
              FROM t, json_each(t.axes) k
             WHERE k.key NOT IN ('task', 'model', 'seed', 'lr', 'epochs', 'batch')
               AND json_extract(pair.config, '$.' || k.key) IS NOT json_extract(b_config, '$.' || k.key)) AS b_name
      FROM pair WHERE pick = 'each' OR place = 1)
SELECT n.model, n.task,
       replace(replace(replace(coalesce(n.a_name, 'a') || ' against ' || coalesce(n.b_name, 'b')
               || coalesce(' at ' || n.matched, ''), '["', ''), '"]', ''), '","', ',') AS part,
       x.seed AS unit, x.value, y.value AS ref, x.run_id AS run, y.run_id AS ref_run, x.state,
       y.state AS ref_state, x.metric, x.goal, x.percent,
       iif(x.which IN ('test', 'test_best'), 'test', 'dev') AS split, n.trained, n.b_trained AS ref_trained, n.unrun
  FROM named n JOIN v x ON x.cell_key = n.cell_key
  LEFT JOIN v y ON y.cell_key = n.b_cell AND y.seed = x.seed
 ORDER BY n.model, n.task, n.ordinal, n.b_ordinal, x.seed;
