-- beside: Table 14 of the paper (GPT-2 M), by method: unseen / seen / all categories
WITH p(method, row) AS (VALUES ('lora', 'GPT2M LoRA 0.35M'), ('ft', 'GPT2M FT 354M'),
    ('adapter-l', 'GPT2M AdapterL 0.37M'), ('prefix-layer', 'GPT2M Prefix 0.35M')),
v AS (SELECT p.method, p.row, x.col, x.value FROM p JOIN paper x ON x.tab = 'T14' AND x.row = p.row)
SELECT method, row AS "paper row",
       max(iif(col = 'BLEU_U', value, '')) || ' / ' || max(iif(col = 'BLEU_S', value, '')) || ' / ' ||
       max(iif(col = 'BLEU_A', value, '')) AS "paper BLEU",
       max(iif(col = 'MET_U', value, '')) || ' / ' || max(iif(col = 'MET_S', value, '')) || ' / ' ||
       max(iif(col = 'MET_A', value, '')) AS "paper METEOR",
       max(iif(col = 'TER_U', value, '')) || ' / ' || max(iif(col = 'TER_S', value, '')) || ' / ' ||
       max(iif(col = 'TER_A', value, '')) AS "paper TER"
  FROM v GROUP BY method;
