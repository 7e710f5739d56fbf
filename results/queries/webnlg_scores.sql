-- Table 14: BLEU, METEOR, and TER (low is good) on unseen, seen, and all categories of WebNLG, mean ± half the width of the 95 % interval (seeds), then the paper's rows
-- make: lowrank sweep webnlg
-- shows: model task method rank
WITH c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'webnlg') AND (c.n > 0 OR c.n_diverged > 0))
SELECT study, model, method, rank, parameters, "BLEU unseen", "BLEU seen", "BLEU all",
       "METEOR unseen", "METEOR seen", "METEOR all", "TER unseen", "TER seen", "TER all"
  FROM (
    SELECT 0 AS part, c.study, c.model, c.method, c.rank, max(c.parameters) AS parameters,
           group_concat(iif(c.task = 'webnlg_unseen' AND s.metric = 'webnlg_bleu', s.shown, NULL), '; ') AS "BLEU unseen",
           group_concat(iif(c.task = 'webnlg_seen' AND s.metric = 'webnlg_bleu', s.shown, NULL), '; ') AS "BLEU seen",
           group_concat(iif(c.task = 'webnlg' AND s.metric = 'webnlg_bleu', s.shown, NULL), '; ') AS "BLEU all",
           group_concat(CASE WHEN c.task = 'webnlg_unseen' THEN CASE s.metric WHEN 'webnlg_meteor' THEN s.shown
               WHEN 'webnlg_meteor_partial' THEN s.shown || ', no paraphrases' END END, '; ')
               AS "METEOR unseen",
           group_concat(CASE WHEN c.task = 'webnlg_seen' THEN CASE s.metric WHEN 'webnlg_meteor' THEN s.shown
               WHEN 'webnlg_meteor_partial' THEN s.shown || ', no paraphrases' END END, '; ')
               AS "METEOR seen",
           group_concat(CASE WHEN c.task = 'webnlg' THEN CASE s.metric WHEN 'webnlg_meteor' THEN s.shown
               WHEN 'webnlg_meteor_partial' THEN s.shown || ', no paraphrases' END END, '; ')
               AS "METEOR all",
           group_concat(iif(c.task = 'webnlg_unseen' AND s.metric = 'webnlg_ter', s.shown, NULL), '; ') AS "TER unseen",
           group_concat(iif(c.task = 'webnlg_seen' AND s.metric = 'webnlg_ter', s.shown, NULL), '; ') AS "TER seen",
           group_concat(iif(c.task = 'webnlg' AND s.metric = 'webnlg_ter', s.shown, NULL), '; ') AS "TER all",
           min(c.ordinal) AS ordinal
      FROM c LEFT JOIN study_scores s ON s.study = c.study AND s.plan_id = c.plan_id AND s.cell_id = c.cell_id
     GROUP BY c.study, c.model, c.method, c.rank
    UNION ALL
    SELECT 1, 'paper', row, NULL, NULL, round(1e6 * max(iif(col = 'params_M', value, NULL))),
           max(iif(col = 'BLEU_U', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'BLEU_S', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'BLEU_A', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'MET_U', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'MET_S', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'MET_A', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'TER_U', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'TER_S', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'TER_A', value || coalesce(' ± ' || spread, ''), NULL)),
           instr(row, 'GPT2L')
      FROM paper WHERE tab = 'T14' AND EXISTS (SELECT 1 FROM c) GROUP BY row)
 ORDER BY part, ordinal;
