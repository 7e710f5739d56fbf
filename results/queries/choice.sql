-- which matrices to adapt: the size of the loss gradient at each kind before training (rms of its mean over batches), next to the result of adapting only that kind
-- shows: model task targets rank
WITH g AS MATERIALIZED (
    SELECT proj, sum(CASE name WHEN 'norm_mean' THEN value * value END) AS squares,
           sum(CASE name WHEN 'numbers' THEN value END) AS numbers
      FROM analysis
     WHERE kind = 'matrices' AND study = coalesce(:study, 'choice') AND settings = coalesce(:settings, newest)
     GROUP BY proj),
c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'choice') AND method = 'lora' AND targets IS NOT NULL AND n > 0
       AND (:task IS NULL OR task = :task)),
kinds AS (SELECT targets AS set_, min(ordinal) AS place FROM c GROUP BY targets
          UNION ALL SELECT proj, instr('q k v o up down', proj) FROM g WHERE proj NOT IN (SELECT targets FROM c)),
v AS MATERIALIZED (
    SELECT k.set_, k.place, instr(k.set_, ',') = 0 AS alone, c.model, c.task, c.rank, c.metric, c.mean, c.half,
           c.shown, c.goal,
           (SELECT sqrt(sum(squares) / sum(numbers)) FROM g
             WHERE instr(',' || k.set_ || ',', ',' || g.proj || ',')) AS score
      FROM kinds k LEFT JOIN c ON c.targets = k.set_),
both AS ( -- single kinds that have both numbers, ranked from the largest; ties share the mean of their ranks
    SELECT *, rank() OVER (ORDER BY score DESC) + (count(*) OVER (PARTITION BY score) - 1) / 2.0 AS by_score,
           rank() OVER (ORDER BY iif(goal = 'min', mean, -mean)) + (count(*) OVER (PARTITION BY mean) - 1) / 2.0 AS by_mean
      FROM v WHERE alone AND score IS NOT NULL AND mean IS NOT NULL),
critical(n, rho) AS ( -- critical values of |Spearman|, two-sided 5 %, from all n! orders without ties; none below n = 5
    VALUES (5, 1.000), (6, 0.886), (7, 0.786), (8, 0.738), (9, 0.700), (10, 0.648)),
m AS (SELECT avg(by_score) AS a, avg(by_mean) AS b FROM both),
rho AS (
    SELECT sum((by_score - a) * (by_mean - b))
           / nullif(sqrt(sum((by_score - a) * (by_score - a)) * sum((by_mean - b) * (by_mean - b))), 0) AS rho,
           count(*) AS n
      FROM both, m),
shown AS (
    SELECT printf('%+.2f (%d; 5 %%: ', r.rho, r.n) || iif(c.n IS NULL, 'none', printf('%.3f', c.rho)) || ')' AS rho
      FROM rho r LEFT JOIN critical c ON c.n = r.n WHERE r.rho IS NOT NULL)
SELECT v.model, v.task, v.set_ AS targets, v.rank, printf('%.3g', v.score) AS "pull (rms mean gradient)",
       iif(v.alone AND v.score IS NOT NULL,
           (SELECT 1 + count(*) FROM v w WHERE w.alone AND w.score > v.score), NULL) AS "rank by pull",
       v.metric, v.shown AS "value {text}", v.mean AS "mean {data}", v.half AS "half {data}",
       CAST(b.by_mean AS REAL) AS "rank by value",
       iif(v.alone, (SELECT rho FROM shown), NULL) AS "Spearman (kinds; critical)"
  FROM v LEFT JOIN both b ON b.set_ = v.set_
 ORDER BY v.alone DESC, v.score IS NULL, v.score DESC, v.place;
