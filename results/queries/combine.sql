-- Table 15, last rows: LoRA together with another method; interaction = both - the better one alone, paired by seed, ± half the width of the 95 % interval
-- shows: model task rank method
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'combine') AND (:task IS NULL OR task = :task) AND (n > 0 OR n_diverged > 0)),
b AS ( -- each combination with its parts alone, of the same rank where a part has one
    SELECT c.*, substr(c.method, 1, instr(c.method, '+') - 1) AS first,
           substr(c.method, instr(c.method, '+') + 1) AS second
      FROM c WHERE c.method LIKE '%+%'),
alone AS (
    SELECT b.cell_key AS both_key, b.plan_id, iif(c.method = 'lora', 1, 2) AS part, c.cell_key, c.shown,
           c.mean, c.half,
           row_number() OVER (PARTITION BY b.cell_key
                              ORDER BY c.mean IS NULL, iif(c.goal = 'min', c.mean, -c.mean)) AS place,
           count(*) OVER (PARTITION BY b.cell_key) AS parts
      FROM b JOIN c ON c.model = b.model AND c.task = b.task AND c.method IN (b.first, b.second)
                   AND (c.rank IS NULL OR c.rank = b.rank) AND (c.targets IS NULL OR c.targets = b.targets)),
v AS MATERIALIZED (
    SELECT s.plan_id, s.cell_key, r.seed, s.value, s.percent FROM study_values s JOIN run r ON r.run_id = s.run_id
     WHERE s.study = coalesce(:study, 'combine') AND s.main AND s.value IS NOT NULL),
d AS (
    SELECT a.both_key, iif(x.percent, 100, 1) * (x.value - y.value) AS diff
      FROM alone a JOIN v x ON x.plan_id = a.plan_id AND x.cell_key = a.both_key
      JOIN v y ON y.plan_id = a.plan_id AND y.cell_key = a.cell_key AND y.seed = x.seed
     WHERE a.place = 1 AND a.parts = 2),
e AS (
    SELECT both_key, avg(diff) AS mean, count(*) AS n,
           sqrt(max(avg(diff * diff) - avg(diff) * avg(diff), 0) / (count(*) - 1.0)) AS error
      FROM d GROUP BY both_key)
SELECT b.model, b.task, b.rank, b.method AS "both", b.metric, b.shown AS "value {text}", b.mean AS "mean {data}", b.half AS "half {data}",
       b.n,
       l.shown AS "lora alone {text}", l.mean AS "lora alone mean {data}", l.half AS "lora alone half {data}",
       o.shown AS "other alone {text}", o.mean AS "other alone mean {data}", o.half AS "other alone half {data}",
       printf('%+.1f', e.mean) || iif(e.n > 1, printf(' ± %.1f', e.error * t.value), '') || printf(' (%d)', e.n)
           AS "interaction {text}",
       e.mean AS "interaction mean {data}", e.error * t.value AS "interaction half {data}", e.n AS "interaction n {data}",
       (SELECT value FROM paper WHERE tab = 'T15' AND col = 'WikiSQL' AND row = 'GPT3 LoRA rq=rv=' || b.rank)
           AS "paper LoRA WikiSQL",
       (SELECT value FROM paper WHERE tab = 'T15' AND col = 'WikiSQL' AND row LIKE 'GPT3 LoRA+'
               || CASE b.method WHEN 'lora+prefix-embed' THEN 'PE' WHEN 'lora+prefix-layer' THEN 'PL' END
               || ' rq=rv=' || b.rank || ' %') AS "paper both WikiSQL",
       (SELECT value FROM paper WHERE tab = 'T15' AND col = 'MNLI-m' AND row = 'GPT3 LoRA rq=rv=' || b.rank)
           AS "paper LoRA MNLI",
       (SELECT value FROM paper WHERE tab = 'T15' AND col = 'MNLI-m' AND row LIKE 'GPT3 LoRA+'
               || CASE b.method WHEN 'lora+prefix-embed' THEN 'PE' WHEN 'lora+prefix-layer' THEN 'PL' END
               || ' rq=rv=' || b.rank || ' %') AS "paper both MNLI"
  FROM b LEFT JOIN alone l ON l.both_key = b.cell_key AND l.part = 1
         LEFT JOIN alone o ON o.both_key = b.cell_key AND o.part = 2
         LEFT JOIN e ON e.both_key = b.cell_key
         LEFT JOIN t95 t ON t.df = min(e.n - 1, 30)
 ORDER BY b.model, b.task, b.rank, b.ordinal;
