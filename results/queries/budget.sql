-- the score expected of the best of k trials, drawn at random from all n that a method has: the sum over i of s(i) ((i / n)^k - ((i - 1) / n)^k), s(i) the i-th worst score (Dodge et al. 2019); a diverged trial counts as the worst
-- shows: model task method targets rank train_n
WITH t AS MATERIALIZED (
    SELECT point, model, task, method, targets, rank, train_n, metric, percent, ordinal, lr,
           coalesce(score, iif(goal = 'min', max(score) OVER p, min(score) OVER p)) AS score,
           n_diverged > 0 AS lost, row_number() OVER w AS i, count(*) OVER p AS n
      FROM study_tuning
     WHERE study = coalesce(:study, 'budget') AND outcome IN ('lost', 'chosen') AND (:task IS NULL OR task = :task)
    WINDOW p AS (PARTITION BY plan_id, point),
           w AS (PARTITION BY plan_id, point ORDER BY score IS NOT NULL, iif(goal = 'min', -score, score), ordinal)),
e AS (
    SELECT t.*, k.k, score * iif(percent, 100, 1) * (pow(1.0 * i / n, k.k) - pow((i - 1.0) / n, k.k)) AS part
      FROM t, (SELECT 1 AS k UNION SELECT 2 UNION SELECT 4 UNION SELECT 8 UNION SELECT 16 UNION SELECT 32) k)
SELECT model, task, method, targets, rank, train_n AS examples, metric,
       printf('%.2f', sum(iif(k = 1, part, 0))) AS "k = 1", printf('%.2f', sum(iif(k = 2, part, 0))) AS "k = 2",
       printf('%.2f', sum(iif(k = 4, part, 0))) AS "k = 4", printf('%.2f', sum(iif(k = 8, part, 0))) AS "k = 8",
       iif(n >= 16, printf('%.2f', sum(iif(k = 16, part, 0))), NULL) AS "k = 16",
       iif(n >= 32, printf('%.2f', sum(iif(k = 32, part, 0))), NULL) AS "k = 32",
       max(iif(i = n, lr, NULL)) AS "best lr", sum(iif(k = 1, lost, 0)) AS diverged, n AS trials
  FROM e
 WHERE n > 1
 GROUP BY point
HAVING count(score) > 0
 ORDER BY min(ordinal);
