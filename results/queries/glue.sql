-- Table 2, all of GLUE: the median over seeds (their number; by=mean: mean ± half the width of the 95 % interval) of the paper's metric of each task, and the average of the 8 tasks, which is there only if all 8 are; then the paper's rows
-- shows: model task method rank
WITH t(task, name, metric) AS (
    VALUES ('mnli_m', 'MNLI', 'accuracy'), ('sst2', 'SST-2', 'accuracy'), ('mrpc', 'MRPC', 'accuracy'),
           ('cola', 'CoLA', 'matthews'), ('qnli', 'QNLI', 'accuracy'), ('qqp', 'QQP', 'accuracy'),
           ('rte', 'RTE', 'accuracy'), ('stsb', 'STS-B', 'pearson')),
c AS MATERIALIZED (
    SELECT c.study, c.model, c.method, c.rank, c.ordinal, t.name, c.metric = t.metric AS same,
           iif(:by = 'mean', c.mean, c.median) AS value, c.n,
           c.task || ': ' || c.metric AS other,
           iif(:by = 'mean' OR c.n = 0, c.shown,
               printf('%.1f (%d)', c.median * 100, c.n)
                   || iif(c.n_diverged > 0, printf(', %d diverged', c.n_diverged), '')) AS cell,
           (SELECT a.trainable - a.trainable_head FROM attempt a
             WHERE a.run_id = c.any_run_id ORDER BY a.attempt DESC LIMIT 1) AS trained
      FROM study_cells c JOIN t ON t.task = c.task
     WHERE (:study IS NULL OR c.study = :study) AND (c.n > 0 OR c.n_diverged > 0)),
v AS ( -- a row a task: ours, then the paper's
    SELECT 0 AS part, study, model, method, rank, trained, ordinal, iif(same, name, NULL) AS name, cell AS shown,
           100 * value AS value, n, iif(same, NULL, other) AS other
      FROM c
     UNION ALL
    SELECT 1, 'paper', p.row, NULL, NULL,
           (SELECT round(1e6 * m.value) FROM paper m WHERE m.tab = 'T2' AND m.row = p.row AND m.col = 'params_M'),
           0, p.col, p.value, p.value, NULL, NULL
      FROM paper p WHERE p.tab = 'T2' AND EXISTS (SELECT 1 FROM c))
SELECT study, model, method, rank, max(trained) AS trained,
       group_concat(shown, '; ') FILTER (WHERE name = 'MNLI') AS "MNLI {text}",
       max(value) FILTER (WHERE name = 'MNLI') AS "MNLI {data}", max(n) FILTER (WHERE name = 'MNLI') AS "MNLI n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'SST-2') AS "SST-2 {text}",
       max(value) FILTER (WHERE name = 'SST-2') AS "SST-2 {data}", max(n) FILTER (WHERE name = 'SST-2') AS "SST-2 n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'MRPC') AS "MRPC {text}",
       max(value) FILTER (WHERE name = 'MRPC') AS "MRPC {data}", max(n) FILTER (WHERE name = 'MRPC') AS "MRPC n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'CoLA') AS "CoLA {text}",
       max(value) FILTER (WHERE name = 'CoLA') AS "CoLA {data}", max(n) FILTER (WHERE name = 'CoLA') AS "CoLA n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'QNLI') AS "QNLI {text}",
       max(value) FILTER (WHERE name = 'QNLI') AS "QNLI {data}", max(n) FILTER (WHERE name = 'QNLI') AS "QNLI n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'QQP') AS "QQP {text}",
       max(value) FILTER (WHERE name = 'QQP') AS "QQP {data}", max(n) FILTER (WHERE name = 'QQP') AS "QQP n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'RTE') AS "RTE {text}",
       max(value) FILTER (WHERE name = 'RTE') AS "RTE {data}", max(n) FILTER (WHERE name = 'RTE') AS "RTE n {data}",
       group_concat(shown, '; ') FILTER (WHERE name = 'STS-B') AS "STS-B {text}",
       max(value) FILTER (WHERE name = 'STS-B') AS "STS-B {data}", max(n) FILTER (WHERE name = 'STS-B') AS "STS-B n {data}",
       CASE WHEN part = 1 THEN max(value) FILTER (WHERE name = 'Avg')
            WHEN sum(name IS NOT NULL AND n > 0) = 8 AND count(DISTINCT iif(n > 0, name, NULL)) = 8
            THEN round(avg(value) FILTER (WHERE name IS NOT NULL AND n > 0), 1) END AS average,
       CASE WHEN part = 0 THEN 'not the metric of Table 2: ' || group_concat(other, ', ')
            WHEN model = 'RoBbase BitFit' THEN 'MRPC, also in the average: F1?' END AS note
  FROM v
 GROUP BY part, study, model, method, rank
 ORDER BY part, study, model, min(ordinal), rank;
