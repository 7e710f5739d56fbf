-- Table 16: methods by number of training examples, mean ± half the width of the 95 % interval (number of seeds), next to the paper's MNLI (GPT-3; FT / PreEmbed / PreLayer / LoRA)
WITH c AS MATERIALIZED (
    SELECT * FROM study_cells
     WHERE study = coalesce(:study, 'lowdata') AND (:task IS NULL OR task = :task) AND (n > 0 OR n_diverged > 0))
SELECT c.model, c.task, iif(c.train_n = 0, 'all', c.train_n) AS examples,
       group_concat(iif(c.method = 'ft', c.shown, NULL), '; ') AS ft,
       group_concat(iif(c.method = 'prefix-embed', c.shown, NULL), '; ') AS "prefix-embed",
       group_concat(iif(c.method = 'prefix-layer', c.shown, NULL), '; ') AS "prefix-layer",
       group_concat(iif(c.method = 'lora', c.shown, NULL), '; ') AS lora,
       group_concat(iif(c.method = 'bitfit', c.shown, NULL), '; ') AS bitfit,
       group_concat(iif(c.method NOT IN ('ft', 'prefix-embed', 'prefix-layer', 'lora', 'bitfit'),
                        c.method || ': ' || c.shown, NULL), '; ') AS others,
       sum(c.n) AS n,
       (SELECT group_concat(value, ' / ')
          FROM (SELECT value FROM paper
                 WHERE tab = 'T16' AND col = CASE c.train_n WHEN 100 THEN '100' WHEN 1000 THEN '1k' WHEN 10000 THEN '10k'
                                                            WHEN 0 THEN '392K' END
                 ORDER BY CASE row WHEN 'GPT3 FT' THEN 1 WHEN 'GPT3 PrefixEmbed' THEN 2 WHEN 'GPT3 PrefixLayer' THEN 3
                                   ELSE 4 END)) AS "paper: MNLI"
  FROM c
 GROUP BY c.model, c.task, c.train_n
 ORDER BY c.model, c.task, c.train_n = 0, c.train_n;
