-- command: the input files in which two runs or cells (a=, b=) differ: the beginning of the content's hash, and the path
WITH side(n, run_id, attempt) AS (
    SELECT 0, run_id, attempts FROM run WHERE run_key = :a OR cell_key = :a
    UNION ALL
    SELECT 1, run_id, attempts FROM run WHERE run_key = :b OR cell_key = :b),
f AS (
    SELECT DISTINCT s.n, i.role, i.sha256, i.path
      FROM side s JOIN run_input i ON i.run_id = s.run_id AND i.attempt = s.attempt),
r AS (
    SELECT role, n, group_concat(sha256) AS shas, group_concat(substr(sha256, 1, 8) || ' ' || path, ', ') AS text
      FROM (SELECT * FROM f ORDER BY role, n, sha256, path) GROUP BY role, n)
SELECT coalesce(x.role, y.role) AS input, x.text AS a, y.text AS b
  FROM (SELECT DISTINCT role FROM r) o
  LEFT JOIN r x ON x.role = o.role AND x.n = 0 LEFT JOIN r y ON y.role = o.role AND y.n = 1
 WHERE x.shas IS NOT y.shas
 ORDER BY 1;
