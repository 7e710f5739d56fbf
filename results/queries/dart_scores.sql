-- Table 13: BLEU, METEOR, and TER (low is good) of texts that methods write on DART, mean ± half the width of the 95 % interval (seeds), then the paper's rows
-- make: lowrank sweep dart
-- shows: model task method rank
WITH name(metric, score, col) AS (
    VALUES ('dart_bleu', 'BLEU', 'BLEU'),
           ('dart_meteor', 'METEOR', 'MET'),
           ('dart_ter', 'TER', 'TER')),
c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'dart') AND (c.n > 0 OR c.n_diverged > 0)
       AND EXISTS (SELECT 1 FROM run r JOIN result x ON x.run_id = r.run_id JOIN metric_name m ON m.metric_id = x.metric_id
                            JOIN name ON name.metric = replace(m.name, '_partial', '')
                    WHERE r.cell_key = c.cell_key AND r.state = 'done')),
v AS ( -- a row a score: ours, then the paper's
    SELECT 0 AS part, c.study, c.model, c.task, c.method, c.rank, c.parameters, c.ordinal, name.score,
           s.shown || iif(s.metric LIKE '%meteor_partial', ', no paraphrases', '') AS shown,
           s.mean * iif(s.percent, 100, 1) AS mean, s.half * iif(s.percent, 100, 1) AS half
      FROM c LEFT JOIN study_scores s ON s.study = c.study AND s.plan_id = c.plan_id AND s.cell_id = c.cell_id
             LEFT JOIN name ON name.metric = replace(s.metric, '_partial', '')
     UNION ALL
    SELECT 1, 'paper', p.row, NULL, NULL, NULL,
           (SELECT round(1e6 * m.value) FROM paper m WHERE m.tab = 'T13' AND m.row = p.row AND m.col = 'params_M'),
           instr(p.row, 'GPT2L'), name.score,
           value || coalesce(' ± ' || spread, ''), value, spread
      FROM paper p LEFT JOIN name ON name.col = p.col
     WHERE tab = 'T13' AND EXISTS (SELECT 1 FROM c))
SELECT study, model, task, method, rank, parameters,
       group_concat(shown, '; ') FILTER (WHERE score = 'BLEU') AS "BLEU {text}",
       max(mean) FILTER (WHERE score = 'BLEU') AS "BLEU {data}", max(half) FILTER (WHERE score = 'BLEU') AS "BLEU half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'METEOR') AS "METEOR {text}",
       max(mean) FILTER (WHERE score = 'METEOR') AS "METEOR {data}", max(half) FILTER (WHERE score = 'METEOR') AS "METEOR half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'TER') AS "TER {text}",
       max(mean) FILTER (WHERE score = 'TER') AS "TER {data}", max(half) FILTER (WHERE score = 'TER') AS "TER half {data}"
  FROM v
 GROUP BY part, study, model, task, method, rank, parameters, ordinal
 ORDER BY part, ordinal;
