-- command: where and with what two runs or cells (a=, b=) were made, as far as it differs; of a cell every value that occurs
WITH side(n, run_id, attempt) AS (
    SELECT 0, run_id, attempts FROM run WHERE run_key = :a OR cell_key = :a
    UNION ALL
    SELECT 1, run_id, attempts FROM run WHERE run_key = :b OR cell_key = :b),
v AS (
    SELECT s.n, ltrim(j.fullkey, '$.') AS what, CAST(j.atom AS TEXT) AS value
      FROM side s JOIN attempt a ON a.run_id = s.run_id AND a.attempt = s.attempt
      JOIN env e ON e.env_id = a.env_id, json_tree(e.doc) j
     WHERE j.atom IS NOT NULL
    UNION ALL
    SELECT s.n, x.key, x.value
      FROM side s JOIN attempt a ON a.run_id = s.run_id AND a.attempt = s.attempt,
           json_each(json_object('attempts', CAST(a.attempt AS TEXT), 'outcome', a.outcome,
                                 'trainable', CAST(a.trainable AS TEXT))) x
     WHERE x.value IS NOT NULL),
g AS (
    SELECT what, n, group_concat(value, ', ') AS text
      FROM (SELECT DISTINCT what, n, value FROM v ORDER BY what, n, value) GROUP BY what, n)
SELECT o.what, x.text AS a, y.text AS b
  FROM (SELECT DISTINCT what FROM g) o
  LEFT JOIN g x ON x.what = o.what AND x.n = 0 LEFT JOIN g y ON y.what = o.what AND y.n = 1
 WHERE x.text IS NOT y.text
 ORDER BY o.what;
