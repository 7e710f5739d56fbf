-- beside: Table 5 of the paper, by set of matrices
SELECT replace(substr(row, 2), ',W', ',') AS targets, max(iif(col = 'rank', value, NULL)) AS "paper rank",
       max(iif(col = 'WikiSQL', value, NULL)) AS "paper WikiSQL", max(iif(col = 'MNLI-m', value, NULL)) AS "paper MNLI"
  FROM paper WHERE tab = 'T5' GROUP BY row;
