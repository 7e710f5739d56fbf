-- figure: unbiased CKA by layer (0: embeddings), a series for each method: before against after, against full fine-tuning, between seeds; range over seeds
WITH d AS MATERIALIZED (SELECT cell_key, differs FROM cell_differs WHERE study = coalesce(:study, 'methods')),
x AS MATERIALIZED (
    SELECT layer, value, run_b, seed, seed_b, method, method_b, a.cell_key, cell_key_b,
           method || iif(rank IS NULL, '', ' r = ' || rank) || coalesce(d.differs, '') AS a,
           method_b || iif(rank_b IS NULL, '', ' r = ' || rank_b) || coalesce(e.differs, '') AS b
      FROM analyses a LEFT JOIN d ON d.cell_key = a.cell_key LEFT JOIN d e ON e.cell_key = a.cell_key_b
     WHERE kind = 'features' AND name = coalesce(:name, 'cka') AND study = coalesce(:study, 'methods') AND settings = coalesce(:settings, newest)
       AND (:task IS NULL OR task = :task)),
p AS (
    SELECT 'before and after' AS pair, 1 AS place, a AS runs, layer, value FROM x WHERE run_b = 0
    UNION ALL
    SELECT 'with ft of the same seed', 2, a, layer, value FROM x
     WHERE method_b = 'ft' AND method <> 'ft' AND seed = seed_b
    UNION ALL
    SELECT 'with ft of the same seed', 2, b, layer, value FROM x
     WHERE method = 'ft' AND method_b <> 'ft' AND seed = seed_b
    UNION ALL
    SELECT 'between seeds', 3, a, layer, value FROM x WHERE cell_key = cell_key_b)
SELECT pair, runs, layer, avg(value) AS mean, min(value) AS lo, max(value) AS hi, count(value) AS n
  FROM p GROUP BY place, runs, layer ORDER BY place, runs, layer;
