-- figure: a number of 'ablate KIND' by layer, a panel for each matrix, a series for each method; mean and range over seeds
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods'))
SELECT proj AS panel, method || iif(method = 'lora', ' r = ' || rank || ' on ' || targets, '') || coalesce(d.differs, '') AS series,
       layer AS x, min(value) AS lo, max(value) AS hi, count(value) AS n, avg(value) AS mean
  FROM analyses LEFT JOIN d USING (cell_key)
 WHERE kind = coalesce(:kind, 'effective_rank') AND study = coalesce(:study, 'methods') AND settings = coalesce(:settings, newest)
   AND name = coalesce(:name, 'rank90')
 GROUP BY proj, cell_key, layer
 ORDER BY instr('q k v o up down', proj), method, rank, targets, d.differs, layer;
