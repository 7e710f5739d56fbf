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
     WHERE (:study IS NULL OR c.study = :study) AND (c.n > 0 OR c.n_diverged > 0))
SELECT study, model, method, rank, trained, MNLI, "SST-2", MRPC, CoLA, QNLI, QQP, RTE, "STS-B", average, note
  FROM (
    SELECT 0 AS part, study, model, method, rank, max(trained) AS trained,
           group_concat(iif(same AND name = 'MNLI', cell, NULL), '; ') AS MNLI,
           group_concat(iif(same AND name = 'SST-2', cell, NULL), '; ') AS "SST-2",
           group_concat(iif(same AND name = 'MRPC', cell, NULL), '; ') AS MRPC,
           group_concat(iif(same AND name = 'CoLA', cell, NULL), '; ') AS CoLA,
           group_concat(iif(same AND name = 'QNLI', cell, NULL), '; ') AS QNLI,
           group_concat(iif(same AND name = 'QQP', cell, NULL), '; ') AS QQP,
           group_concat(iif(same AND name = 'RTE', cell, NULL), '; ') AS RTE,
           group_concat(iif(same AND name = 'STS-B', cell, NULL), '; ') AS "STS-B",
           iif(sum(same AND n > 0) = 8 AND count(DISTINCT iif(same AND n > 0, name, NULL)) = 8,
               printf('%.1f', 100 * avg(iif(same AND n > 0, value, NULL))), NULL) AS average,
           'not the metric of Table 2: ' || group_concat(iif(same, NULL, other), ', ') AS note,
           min(ordinal) AS ordinal
      FROM c GROUP BY study, model, method, rank
    UNION ALL
    SELECT 1, 'paper', row, NULL, NULL, round(1e6 * max(iif(col = 'params_M', value, NULL))),
           max(iif(col = 'MNLI', value, NULL)), max(iif(col = 'SST-2', value, NULL)),
           max(iif(col = 'MRPC', value, NULL)), max(iif(col = 'CoLA', value, NULL)),
           max(iif(col = 'QNLI', value, NULL)), max(iif(col = 'QQP', value, NULL)),
           max(iif(col = 'RTE', value, NULL)), max(iif(col = 'STS-B', value, NULL)),
           max(iif(col = 'Avg', value, NULL)), iif(row = 'RoBbase BitFit', 'MRPC, also in the average: F1?', NULL), 0
      FROM paper WHERE tab = 'T2' AND EXISTS (SELECT 1 FROM c) GROUP BY row)
 ORDER BY part, study, model, ordinal, rank;
