-- Table 4: exact logical form on WikiSQL, accuracy on MNLI as text, ROUGE-1/2/L on SAMSum, mean ± half the width of the 95 % interval (seeds), then the rows of GPT-3 175B
-- make: lowrank sweep text_tasks
-- shows: model task method rank
WITH name(task, metric, score, col) AS (
    VALUES ('wikisql', 'logical_form', 'WikiSQL', 'WikiSQL_LF'),
           ('mnli', 'accuracy', 'MNLI', 'MNLI-m'),
           ('samsum', 'rouge1', 'R1', 'R1'),
           ('samsum', 'rouge2', 'R2', 'R2'),
           ('samsum', 'rougel', 'RL', 'RL')),
c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'text_tasks') AND (c.n > 0 OR c.n_diverged > 0)
       AND EXISTS (SELECT 1 FROM run r JOIN result x ON x.run_id = r.run_id JOIN metric_name m ON m.metric_id = x.metric_id
                            JOIN name ON name.task = c.task AND name.metric = replace(m.name, '_partial', '')
                    WHERE r.cell_key = c.cell_key AND r.state = 'done')),
v AS ( -- a row a score: ours, then the paper's
    SELECT 0 AS part, c.study, c.model, c.method, c.rank, c.parameters, c.ordinal, name.score,
           s.shown || iif(s.metric LIKE '%meteor_partial', ', no paraphrases', '') AS shown,
           s.mean * iif(s.percent, 100, 1) AS mean, s.half * iif(s.percent, 100, 1) AS half
      FROM c LEFT JOIN study_scores s ON s.study = c.study AND s.plan_id = c.plan_id AND s.cell_id = c.cell_id
             LEFT JOIN name ON name.task = c.task AND name.metric = replace(s.metric, '_partial', '')
     UNION ALL
    SELECT 1, 'paper', p.row, NULL, NULL,
           (SELECT round(1e6 * m.value) FROM paper m WHERE m.tab = 'T4' AND m.row = p.row AND m.col = 'params_M'),
           0, name.score,
           value || coalesce(' ± ' || spread, ''), value, spread
      FROM paper p LEFT JOIN name ON name.col = p.col
     WHERE tab = 'T4' AND EXISTS (SELECT 1 FROM c))
SELECT study, model, method, rank, max(parameters) AS parameters,
       group_concat(shown, '; ') FILTER (WHERE score = 'WikiSQL') AS "WikiSQL {text}",
       max(mean) FILTER (WHERE score = 'WikiSQL') AS "WikiSQL {data}", max(half) FILTER (WHERE score = 'WikiSQL') AS "WikiSQL half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'MNLI') AS "MNLI {text}",
       max(mean) FILTER (WHERE score = 'MNLI') AS "MNLI {data}", max(half) FILTER (WHERE score = 'MNLI') AS "MNLI half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'R1') AS "R1 {text}",
       max(mean) FILTER (WHERE score = 'R1') AS "R1 {data}", max(half) FILTER (WHERE score = 'R1') AS "R1 half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'R2') AS "R2 {text}",
       max(mean) FILTER (WHERE score = 'R2') AS "R2 {data}", max(half) FILTER (WHERE score = 'R2') AS "R2 half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'RL') AS "RL {text}",
       max(mean) FILTER (WHERE score = 'RL') AS "RL {data}", max(half) FILTER (WHERE score = 'RL') AS "RL half {data}"
  FROM v
 GROUP BY part, study, model, method, rank
 ORDER BY part, min(ordinal);
