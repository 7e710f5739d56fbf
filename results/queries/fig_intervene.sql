-- figure: the rank on x to which an update is cut, that of the largest rank or of whole matrices, and the runs that trained each rank; mean and range over seeds
WITH x AS MATERIALIZED (
    SELECT a.method, a.targets, a.rank, a.name, a.i, a.value,
           max(a.rank) OVER (PARTITION BY a.method, a.targets) AS largest
      FROM analyses a
     WHERE kind = 'intervene' AND study = coalesce(:study, 'rank') AND settings = coalesce(:settings, newest)
       AND (:task IS NULL OR task = :task) AND name IN ('whole_score', 'keep_score')),
y AS (
    SELECT *, name = 'keep_score' AS cut, coalesce(nullif(targets, ''), method) AS adapted,
           iif(name = 'keep_score', i, rank) AS k
      FROM x)
SELECT adapted || iif(cut, iif(rank IS NULL, '', ', trained with r = ' || rank) || ', cut to rank k', ', trained with rank k')
           AS series,
       k AS x, min(value) AS lo, max(value) AS hi, count(value) AS n, avg(value) AS mean
  FROM y
 WHERE k > 0 AND (NOT cut OR rank IS largest)
 GROUP BY method, adapted, cut, rank * cut, k
 ORDER BY adapted, cut, k;
