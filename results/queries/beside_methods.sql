-- beside: Table 2 of the paper, by method; its BitFit seems to report F1 for MRPC, and its LoRA starts MRPC, RTE and STS-B from MNLI
WITH p(method, row, but) AS (VALUES ('lora', 'RoBbase LoRA', ' (MRPC, RTE, STS-B from MNLI)'), ('ft', 'RoBbase FT', ''),
    ('bitfit', 'RoBbase BitFit', ' (MRPC, also in the average: F1?)'), ('adapter-d', 'RoBbase AdptD 0.3M', ''))
SELECT p.method, p.row || p.but AS "paper row", max(iif(col = 'MRPC', value, NULL)) AS "paper MRPC",
       max(iif(col = 'RTE', value, NULL)) AS "paper RTE", max(iif(col = 'STS-B', value, NULL)) AS "paper STS-B",
       max(iif(col = 'Avg', value, NULL)) AS "paper average of 8"
  FROM p JOIN paper x ON x.tab = 'T2' AND x.row = p.row GROUP BY p.method;
