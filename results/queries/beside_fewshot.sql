-- beside: Table 8 of the paper (GPT-3 175B), by method
SELECT iif(row = 'few-shot', 'none', 'lora') AS method, row AS "paper row",
       max(iif(col = 'MNLI-m', value, NULL)) AS "paper MNLI", max(iif(col = 'RTE', value, NULL)) AS "paper RTE"
  FROM paper WHERE tab = 'T8' GROUP BY row;
