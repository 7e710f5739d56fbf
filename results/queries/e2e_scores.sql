-- Table 3: the five scores of texts that methods write on E2E, mean ± half the width of the 95 % interval (seeds), then the paper's rows with their spread
-- make: lowrank sweep e2e_methods
-- shows: model task method rank
WITH c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'e2e_methods') AND (c.n > 0 OR c.n_diverged > 0))
SELECT study, model, task, method, rank, parameters, BLEU, NIST, METEOR, "ROUGE-L", CIDEr
  FROM (
    SELECT 0 AS part, c.study, c.model, c.task, c.method, c.rank, c.parameters,
           max(iif(s.metric = 'bleu', s.shown, NULL)) AS "BLEU",
           max(iif(s.metric = 'nist', s.shown, NULL)) AS "NIST",
           group_concat(CASE s.metric WHEN 'meteor' THEN s.shown WHEN 'meteor_partial' THEN s.shown || ', no paraphrases' END, '; ')
               AS "METEOR",
           max(iif(s.metric = 'rouge_l', s.shown, NULL)) AS "ROUGE-L",
           max(iif(s.metric = 'cider', s.shown, NULL)) AS "CIDEr",
           c.ordinal
      FROM c LEFT JOIN study_scores s ON s.study = c.study AND s.plan_id = c.plan_id AND s.cell_id = c.cell_id
     GROUP BY c.study, c.cell_id
    UNION ALL
    SELECT 1, 'paper', row, NULL, NULL, NULL,
           round(1e6 * max(iif(col = 'params_M', value, NULL))),
           max(iif(col = 'BLEU', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'NIST', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'MET', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'ROUGE-L', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'CIDEr', value || coalesce(' ± ' || spread, ''), NULL)),
           instr(row, 'GPT2L')
      FROM paper WHERE tab = 'T3' AND EXISTS (SELECT 1 FROM c) GROUP BY row)
 ORDER BY part, ordinal;
