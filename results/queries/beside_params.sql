-- beside: Table 15 of the paper, by method, matrices, rank and length of the prefix
WITH p AS (
    SELECT row, substr(row, 6) AS name, max(iif(col = 'params_M', value, NULL)) AS millions,
           max(iif(col = 'WikiSQL', value, NULL)) AS wikisql, max(iif(col = 'MNLI-m', value, NULL)) AS mnli
      FROM paper WHERE tab = 'T15' GROUP BY row),
k AS (
    SELECT p.*, CASE WHEN name LIKE 'LoRA rq%' THEN 'lora' WHEN name LIKE 'AdapterH r%' THEN 'adapter-h'
                     WHEN name LIKE 'PrefixEmbed lp%' THEN 'prefix-embed' WHEN name LIKE 'PrefixLayer lp%' THEN 'prefix-layer'
                     WHEN name = 'FT' THEN 'ft' END AS method,
           CASE WHEN name LIKE 'LoRA rq=rv=%' THEN 'q,v' WHEN name LIKE 'LoRA rqkvo=%' THEN 'q,k,v,o' END AS targets,
           CAST(CASE WHEN name LIKE 'LoRA rq=rv=%' THEN substr(name, 12) WHEN name LIKE 'LoRA rqkvo=%' THEN substr(name, 12)
                     WHEN name LIKE 'AdapterH r%' THEN substr(name, 11) END AS INTEGER) AS rank,
           CAST(CASE WHEN name LIKE 'Prefix% lp%' THEN substr(name, instr(name, ' lp') + 3) END AS INTEGER) AS prefix
      FROM p)
SELECT method, targets, rank, prefix, group_concat(name, ' / ') AS "paper row", group_concat(millions, ' / ') AS "paper millions",
       group_concat(wikisql, ' / ') AS "paper WikiSQL", group_concat(mnli, ' / ') AS "paper MNLI"
  FROM k WHERE method IS NOT NULL GROUP BY method, targets, rank, prefix;
