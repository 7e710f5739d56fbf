-- command: the recipe keys in which two runs or cells (a=, b=: their keys) differ; cells=1: without the seed
WITH side(n, config) AS (
    SELECT 0, config FROM run WHERE run_id = (SELECT min(run_id) FROM run WHERE run_key = :a OR cell_key = :a)
    UNION ALL
    SELECT 1, config FROM run WHERE run_id = (SELECT min(run_id) FROM run WHERE run_key = :b OR cell_key = :b)),
k AS (
    SELECT j.key, max(iif(s.n = 0, coalesce(j.atom, j.value), NULL)) AS a, max(iif(s.n = 1, coalesce(j.atom, j.value), NULL)) AS b
      FROM side s, json_each(s.config) j
     GROUP BY j.key)
SELECT key, a, b FROM k WHERE a IS NOT b AND NOT (:cells AND key = 'seed') ORDER BY key;
