-- Table 13: BLEU, METEOR, and TER (low is good) of texts that methods write on DART, mean ± half the width of the 95 % interval (seeds), then the paper's rows
-- make: lowrank sweep dart
-- shows: model task method rank
WITH c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'dart') AND (c.n > 0 OR c.n_diverged > 0))
SELECT study, model, task, method, rank, parameters, BLEU, METEOR, TER
  FROM (
    SELECT 0 AS part, c.study, c.model, c.task, c.method, c.rank, c.parameters,
           max(iif(s.metric = 'dart_bleu', s.shown, NULL)) AS "BLEU",
           group_concat(CASE s.metric WHEN 'dart_meteor' THEN s.shown WHEN 'dart_meteor_partial' THEN s.shown || ', no paraphrases' END, '; ')
               AS "METEOR",
           max(iif(s.metric = 'dart_ter', s.shown, NULL)) AS "TER",
           c.ordinal
      FROM c LEFT JOIN study_scores s ON s.study = c.study AND s.plan_id = c.plan_id AND s.cell_id = c.cell_id
     GROUP BY c.study, c.cell_id
    UNION ALL
    SELECT 1, 'paper', row, NULL, NULL, NULL,
           round(1e6 * max(iif(col = 'params_M', value, NULL))),
           max(iif(col = 'BLEU', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'MET', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'TER', value || coalesce(' ± ' || spread, ''), NULL)),
           instr(row, 'GPT2L')
      FROM paper WHERE tab = 'T13' AND EXISTS (SELECT 1 FROM c) GROUP BY row)
 ORDER BY part, ordinal;
