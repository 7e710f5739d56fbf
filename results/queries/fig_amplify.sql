-- figure: by layer, mean and 95 % interval over seeds of what 'ablate amplify' found; what=factor or what=projection
WITH v AS (
    SELECT layer, proj, rank, name, value, avg(value) OVER w AS mu FROM analyses
     WHERE kind = 'amplify' AND study = coalesce(:study, 'rank') AND value IS NOT NULL
       AND CASE :what WHEN 'projection' THEN name IN ('proj_dw', 'proj_w', 'proj_random') ELSE name = 'factor' END
    WINDOW w AS (PARTITION BY layer, proj, rank, name)),
s AS (
    SELECT rank, proj, name, layer, avg(value) AS mean, count(*) AS n,
           CASE WHEN count(*) > 1 THEN sqrt(sum((value - mu) * (value - mu)) / (count(*) - 1) / count(*)) END AS se
      FROM v GROUP BY rank, proj, name, layer)
SELECT 'Δ' || s.proj || ', r = ' || s.rank AS series, 'r = ' || s.rank AS panel,
       CASE s.name WHEN 'proj_dw' THEN 'ΔW' WHEN 'proj_w' THEN 'W' ELSE 'random' END || ', ' || s.proj AS line,
       s.layer AS x, max(s.mean - s.se * t.value, s.mean / 100) AS lo, s.mean + s.se * t.value AS hi, s.n, s.mean
  FROM s LEFT JOIN t95 t ON t.df = CASE WHEN s.n <= 31 THEN s.n - 1 WHEN s.n <= 40 THEN 30
                           WHEN s.n <= 60 THEN 40 WHEN s.n <= 120 THEN 60 ELSE 120 END
 ORDER BY s.rank, instr('q k v o up down', s.proj), instr('proj_dw proj_w proj_random', s.name), s.layer;
