-- aggregate: the values of every arm of a study on every task, seed by seed, of the best trials; only metrics on the scale from 0 to 1; study=
WITH t AS (
    SELECT s.plan_id, s.study,
           json_patch(coalesce(json_extract(w.spec, '$.axes'), '{}'), coalesce(json_extract(w.spec, '$.zip'), '{}')) AS axes
      FROM study s JOIN sweep w ON w.sweep_id = s.sweep_id WHERE s.study = :study),
c AS MATERIALIZED (
    SELECT c.plan_id, c.cell_key, c.model, c.task, c.ordinal,
           (SELECT group_concat(k.key || '=' || replace(replace(replace(coalesce(json_extract(r.config, '$.' || k.key), '-'),
                                                                        '["', ''), '"]', ''), '","', ','), ' ')
              FROM json_each(t.axes) k WHERE k.key NOT IN ('task', 'model', 'seed')) AS arm
      FROM t JOIN study_cells c ON c.study = t.study JOIN run r ON r.run_id = c.any_run_id
     WHERE c.n > 0)
SELECT c.model, coalesce(c.arm, '-') AS arm, c.task, r.seed, v.value, v.metric
  FROM c CROSS JOIN run r ON r.cell_key = c.cell_key
  JOIN study_values v ON v.plan_id = c.plan_id AND v.run_id = r.run_id AND v.cell_key = c.cell_key
 WHERE v.main AND v.percent AND v.value IS NOT NULL
 ORDER BY c.model, min(c.ordinal) OVER (PARTITION BY c.model, c.arm), c.arm, c.task, r.seed;
