-- claim: two numbers of an analysis paired by seed, by matrix, averaged over layers; a=, b= JSON of recipe keys and name
WITH v AS MATERIALIZED (
    SELECT n.run_a, n.proj, n.name, avg(n.value) AS value, r.model, r.task, r.seed, r.rank, r.cell_key,
           json_set(r.config, '$.name', n.name) AS config
      FROM analysis n JOIN run r ON r.run_id = n.run_a
     WHERE n.study = :study AND n.kind = :kind AND n.settings = ''
     GROUP BY n.run_a, n.proj, n.name),
side AS (
    SELECT 'a' AS side, :a AS keys, coalesce(:pick_a, 'each') AS pick UNION ALL
    SELECT 'b', :b, coalesce(:pick_b, 'each')),
p AS MATERIALIZED (
    SELECT side.side, side.pick, v.*,
           (SELECT group_concat(m.value || '=' || coalesce(json_extract(v.config, '$.' || m.value), '-'), ' ')
              FROM json_each(coalesce(:match, '[]')) m) AS matched,
           row_number() OVER (PARTITION BY side.side, v.model, v.task, v.seed, v.proj,
                                           iif(side.pick = 'each', v.run_a, 0)
                              ORDER BY CASE side.pick WHEN 'largest' THEN -v.rank ELSE v.rank END, v.run_a) AS place
      FROM side CROSS JOIN v
     WHERE side.keys IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM json_each(side.keys) f
            WHERE NOT EXISTS (
                SELECT 1 FROM json_each(iif(f.type = 'array', f.value, json_array(f.value))) w
                 WHERE CAST(json_extract(v.config, '$.' || f.key) AS TEXT) = w.value)))
SELECT a.model, a.task,
       a.proj || ': ' || a.name || iif(a.rank IS NOT NULL, ' r=' || a.rank, '') || ' against '
           || b.name || iif(b.rank IS NOT NULL, ' r=' || b.rank, '') AS part,
       a.seed AS unit, a.value, b.value AS ref
  FROM p a JOIN p b ON b.side = 'b' AND b.model = a.model AND b.task = a.task AND b.seed = a.seed AND b.proj = a.proj
                       AND b.matched IS a.matched AND (b.run_a <> a.run_a OR b.name <> a.name)
 WHERE a.side = 'a' AND (a.pick = 'each' OR a.place = 1) AND (b.pick = 'each' OR b.place = 1)
 ORDER BY a.model, a.task, instr('q k v o up down', a.proj), a.rank, b.rank, a.seed;
