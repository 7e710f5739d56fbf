-- beside: Table 18 of the paper (GPT-2 M, E2E), by rank
SELECT CAST(substr(row, instr(row, 'r=') + 2) AS INTEGER) AS rank, max(iif(col = 'BLEU', value, NULL)) AS "paper BLEU",
       max(iif(col = 'NIST', value, NULL)) AS "paper NIST", max(iif(col = 'METEOR', value, NULL)) AS "paper METEOR",
       max(iif(col = 'ROUGE_L', value, NULL)) AS "paper ROUGE-L", max(iif(col = 'CIDEr', value, NULL)) AS "paper CIDEr",
       max(iif(col = 'val_loss', value, NULL)) AS "paper validation loss"
  FROM paper WHERE tab = 'T18' AND row LIKE 'GPT2M E2E r=%' GROUP BY row ORDER BY rank;
