-- beside: Table 16 of the paper, by number of training examples (0: all): FT / PreEmbed / PreLayer / LoRA
SELECT train_n, group_concat(value, ' / ') AS "paper: MNLI"
  FROM (SELECT CASE col WHEN '100' THEN 100 WHEN '1k' THEN 1000 WHEN '10k' THEN 10000 WHEN '392K' THEN 0 END AS train_n, value
          FROM paper WHERE tab = 'T16' AND col IN ('100', '1k', '10k', '392K')
         ORDER BY CASE row WHEN 'GPT3 FT' THEN 1 WHEN 'GPT3 PrefixEmbed' THEN 2 WHEN 'GPT3 PrefixLayer' THEN 3 ELSE 4 END)
 GROUP BY train_n;
