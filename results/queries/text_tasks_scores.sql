-- Table 4: exact logical form on WikiSQL, accuracy on MNLI as text, ROUGE-1/2/L on SAMSum, mean ± half the width of the 95 % interval (seeds), then the rows of GPT-3 175B
-- make: lowrank sweep text_tasks
-- shows: model task method rank
WITH c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'text_tasks') AND (c.n > 0 OR c.n_diverged > 0))
SELECT study, model, method, rank, parameters, WikiSQL, MNLI, R1, R2, RL
  FROM (
    SELECT 0 AS part, c.study, c.model, c.method, c.rank, max(c.parameters) AS parameters,
           group_concat(iif(c.task = 'wikisql' AND s.metric = 'logical_form', s.shown, NULL), '; ') AS "WikiSQL",
           group_concat(iif(c.task = 'mnli' AND s.metric = 'accuracy', s.shown, NULL), '; ') AS "MNLI",
           group_concat(iif(c.task = 'samsum' AND s.metric = 'rouge1', s.shown, NULL), '; ') AS "R1",
           group_concat(iif(c.task = 'samsum' AND s.metric = 'rouge2', s.shown, NULL), '; ') AS "R2",
           group_concat(iif(c.task = 'samsum' AND s.metric = 'rougel', s.shown, NULL), '; ') AS "RL",
           min(c.ordinal) AS ordinal
      FROM c LEFT JOIN study_scores s ON s.study = c.study AND s.plan_id = c.plan_id AND s.cell_id = c.cell_id
     GROUP BY c.study, c.model, c.method, c.rank
    UNION ALL
    SELECT 1, 'paper', row, NULL, NULL, round(1e6 * max(iif(col = 'params_M', value, NULL))),
           max(iif(col = 'WikiSQL_LF', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'MNLI-m', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'R1', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'R2', value || coalesce(' ± ' || spread, ''), NULL)),
           max(iif(col = 'RL', value || coalesce(' ± ' || spread, ''), NULL)),
           0
      FROM paper WHERE tab = 'T4' AND EXISTS (SELECT 1 FROM c) GROUP BY row)
 ORDER BY part, ordinal;
