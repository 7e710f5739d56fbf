-- Table 2: every method on every task, mean ± half the width of the 95 % interval (number of seeds; by=median: the median, as in the paper); the paper's BitFit seems to report F1 for MRPC, and its LoRA starts MRPC, RTE and STS-B from MNLI, ours does not
WITH c AS MATERIALIZED (
    SELECT c.*, (SELECT a.trainable - a.trainable_head FROM attempt a
                  WHERE a.run_id = c.any_run_id ORDER BY a.attempt DESC LIMIT 1) AS trained,
           iif(:by = 'median' AND c.n > 0,
               printf(iif(c.percent, '%.1f (%d)', '%.4f (%d)'), c.median * iif(c.percent, 100, 1), c.n)
                   || iif(c.n_diverged > 0, printf(', %d diverged', c.n_diverged), ''), c.shown) AS cell
      FROM study_cells c
     WHERE c.study = coalesce(:study, 'methods') AND (:task IS NULL OR c.task = :task)
       AND (c.n > 0 OR c.n_diverged > 0)),
s AS ( -- the average over tasks of each seed, if it has every task of the study
    SELECT c.model, c.method, r.seed, avg(v.value) AS value
      FROM study_values v JOIN c ON c.plan_id = v.plan_id AND c.cell_key = v.cell_key
      JOIN run r ON r.run_id = v.run_id
     WHERE v.main AND v.percent AND v.value IS NOT NULL
     GROUP BY c.model, c.method, r.seed
    HAVING count(DISTINCT c.task) = (SELECT count(DISTINCT task) FROM c)
       AND count(*) = count(DISTINCT c.task)),
a AS (
    SELECT s.model, s.method, count(*) AS n, 100 * avg(s.value) AS mean,
           100 * sqrt(max(avg(s.value * s.value) - avg(s.value) * avg(s.value), 0) / (count(*) - 1.0)) AS error
      FROM s GROUP BY s.model, s.method),
m AS ( -- the average of the medians, if every task has one
    SELECT model, method, 100 * avg(median) AS median FROM c WHERE percent AND n > 0
     GROUP BY model, method
    HAVING count(*) = (SELECT count(DISTINCT task) FROM c) AND count(DISTINCT task) = count(*)),
p(method, row, but) AS (VALUES ('lora', 'RoBbase LoRA', ' (MRPC, RTE, STS-B from MNLI)'), ('ft', 'RoBbase FT', ''),
                               ('bitfit', 'RoBbase BitFit', ' (MRPC, also in the average: F1?)'), ('adapter-d', 'RoBbase AdptD 0.3M', ''))
SELECT c.model, c.method, max(c.trained) AS trained,
       group_concat(iif(c.task = 'supersense', c.cell, NULL), '; ') AS supersense,
       group_concat(iif(c.task = 'hypernym', c.cell, NULL), '; ') AS hypernym,
       group_concat(iif(c.task = 'mrpc', c.cell, NULL), '; ') AS MRPC,
       group_concat(iif(c.task = 'rte', c.cell, NULL), '; ') AS RTE,
       group_concat(iif(c.task = 'stsb', c.cell, NULL), '; ') AS "STS-B",
       group_concat(iif(c.task NOT IN ('supersense', 'hypernym', 'mrpc', 'rte', 'stsb'),
                        c.task || ': ' || c.cell, NULL), '; ') AS others,
       iif(:by = 'median', (SELECT printf('%.1f', median) FROM m WHERE m.model = c.model AND m.method = c.method),
           (SELECT printf('%.1f', a.mean) || iif(a.n > 1, printf(' ± %.1f', a.error * t.value), '') || printf(' (%d)', a.n)
              FROM a LEFT JOIN t95 t ON t.df = min(a.n - 1, 30)
             WHERE a.model = c.model AND a.method = c.method)) AS average,
       (SELECT row || but FROM p WHERE p.method = c.method) AS "paper row",
       (SELECT value FROM paper x JOIN p ON p.row = x.row WHERE p.method = c.method AND tab = 'T2' AND col = 'MRPC')
           AS "paper MRPC",
       (SELECT value FROM paper x JOIN p ON p.row = x.row WHERE p.method = c.method AND tab = 'T2' AND col = 'RTE')
           AS "paper RTE",
       (SELECT value FROM paper x JOIN p ON p.row = x.row WHERE p.method = c.method AND tab = 'T2' AND col = 'STS-B')
           AS "paper STS-B",
       (SELECT value FROM paper x JOIN p ON p.row = x.row WHERE p.method = c.method AND tab = 'T2' AND col = 'Avg')
           AS "paper average of 8"
  FROM c
 GROUP BY c.model, c.method
 ORDER BY c.model, min(c.ordinal);
