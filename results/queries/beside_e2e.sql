-- beside: Table 3 of the paper (GPT-2 M), by method
WITH p(method, row) AS (VALUES ('lora', 'GPT2M LoRA'), ('ft', 'GPT2M FT'), ('topk', 'GPT2M FTTop2'),
    ('adapter-h', 'GPT2M AdapterH'), ('adapter-l', 'GPT2M AdapterL 0.37M'), ('prefix-layer', 'GPT2M PreLayer'))
SELECT p.method, p.row AS "paper row", max(iif(col = 'BLEU', value, NULL)) AS "paper BLEU",
       max(iif(col = 'NIST', value, NULL)) AS "paper NIST", max(iif(col = 'MET', value, NULL)) AS "paper METEOR",
       max(iif(col = 'ROUGE-L', value, NULL)) AS "paper ROUGE-L", max(iif(col = 'CIDEr', value, NULL)) AS "paper CIDEr"
  FROM p JOIN paper x ON x.tab = 'T3' AND x.row = p.row GROUP BY p.method;
