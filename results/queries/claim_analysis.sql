-- claim: numbers of an analysis by seed and matrix, averaged over layers, of one or two sides; a=, b= are JSON objects of recipe keys and name; matrix= is a list; times=, over= are names of numbers or lists of them
WITH y AS MATERIALIZED (
    SELECT run_a, layer, proj, name, value FROM analysis
     WHERE study = :study AND kind = :kind AND settings = ''
       AND (:matrix IS NULL OR instr(',' || :matrix || ',', ',' || proj || ','))),
k AS MATERIALIZED ( -- times= and over= multiply and divide by other numbers of the same matrix: a name, or a JSON list of names
    SELECT name, sum(sign) AS sign, count(*) AS n, group_concat(iif(sign > 0, ' x ', ' / ') || name, '') AS label
      FROM (SELECT value AS name, 1 AS sign FROM json_each(iif(json_valid(:times), :times, json_array(:times)))
             WHERE :times IS NOT NULL UNION ALL
            SELECT value, -1 FROM json_each(iif(json_valid(:over), :over, json_array(:over))) WHERE :over IS NOT NULL)
     GROUP BY name),
x AS ( -- no value where one of the numbers is missing
    SELECT y.run_a, y.proj, y.name,
           y.value * iif((SELECT count(*) FROM k) = 0, 1,
                         iif(sum(iif(ln(y.value) IS NULL, 0, k.n)) OVER w = (SELECT sum(n) FROM k),
                             exp(sum(k.sign * ln(y.value)) OVER w), NULL)) AS value
      FROM y LEFT JOIN k ON k.name = y.name
    WINDOW w AS (PARTITION BY y.run_a, y.layer, y.proj)),
v AS MATERIALIZED (
    SELECT x.run_a, x.proj, r.model, r.task, r.seed, r.rank, json_set(r.config, '$.name', x.name) AS config,
           x.name || coalesce((SELECT group_concat(label, '') FROM (SELECT label FROM k ORDER BY sign < 0, label)), '') AS name,
           avg(x.value) AS value
      FROM x JOIN run r ON r.run_id = x.run_a
     GROUP BY x.run_a, x.proj, x.name),
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
       a.proj || ': ' || a.name || iif(a.rank IS NOT NULL, ' r=' || a.rank, '')
           || coalesce(' against ' || b.name || iif(b.rank IS NOT NULL, ' r=' || b.rank, ''), '') AS part,
       a.seed AS unit, a.value, b.value AS ref
  FROM p a LEFT JOIN p b ON b.side = 'b' AND b.model = a.model AND b.task = a.task AND b.seed = a.seed
                            AND b.proj = a.proj AND b.matched IS a.matched AND (b.pick = 'each' OR b.place = 1)
                            AND (b.run_a <> a.run_a OR b.name <> a.name)
 WHERE a.side = 'a' AND (a.pick = 'each' OR a.place = 1) AND (:b IS NULL OR b.name IS NOT NULL)
 ORDER BY a.model, a.task, instr('q k v o up down', a.proj), a.rank, b.rank, a.seed;
