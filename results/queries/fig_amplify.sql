-- figure: the numbers of 'ablate amplify' by layer, mean and range over seeds; what= is factor (the default) or projection
SELECT 'Δ' || proj || ', r = ' || rank AS series, 'r = ' || rank AS panel,
       CASE name WHEN 'proj_dw' THEN 'ΔW' WHEN 'proj_w' THEN 'W' ELSE 'random' END || ', ' || proj AS line,
       layer AS x, min(value) AS lo, max(value) AS hi, count(value) AS n, avg(value) AS mean
  FROM analyses
 WHERE kind = 'amplify' AND study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest)
   AND CASE :what WHEN 'projection' THEN name IN ('proj_dw', 'proj_w', 'proj_random') ELSE name = 'factor' END
 GROUP BY rank, proj, name, layer
 ORDER BY rank, instr('q k v o up down', proj), instr('proj_dw proj_w proj_random', name), layer;
