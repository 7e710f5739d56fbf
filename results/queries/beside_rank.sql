-- beside: Table 6 of the paper, by rank: q / q,v / q,k,v,o
WITH p AS (SELECT CAST(substr(col, 2) AS INTEGER) AS rank, row, value FROM paper WHERE tab = 'T6' ORDER BY length(row))
SELECT rank, group_concat(iif(row LIKE 'WikiSQL %', value, NULL), ' / ') AS "paper: WikiSQL",
       group_concat(iif(row LIKE 'MNLI %', value, NULL), ' / ') AS "paper: MNLI"
  FROM p GROUP BY rank;
