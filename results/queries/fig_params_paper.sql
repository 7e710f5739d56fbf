-- figure: Table 15 as the paper prints it: trainable parameters on x, a series for each method; of= is WikiSQL or MNLI-m
SELECT CASE WHEN p.row LIKE 'GPT3 PrefixEmbed%' THEN 'prefix-embed' WHEN p.row LIKE 'GPT3 PrefixLayer%' THEN 'prefix-layer'
            WHEN p.row LIKE 'GPT3 AdapterH%' THEN 'adapter-h' WHEN p.row LIKE 'GPT3 LoRA rq=rv%' THEN 'lora q,v'
            WHEN p.row LIKE 'GPT3 LoRA rqkvo%' THEN 'lora q,k,v,o' WHEN p.row = 'GPT3 FT' THEN 'ft' END AS series,
       1e6 * n.value AS x, CAST(p.value AS REAL) AS value
  FROM paper p JOIN paper n ON n.tab = p.tab AND n.row = p.row AND n.col = 'params_M'
 WHERE p.tab = 'T15' AND p.col = :of AND series IS NOT NULL
 ORDER BY series, x;
