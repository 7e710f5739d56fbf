-- Table 14: BLEU, METEOR, and TER (low is good) on unseen, seen, and all categories of WebNLG, mean ± half the width of the 95 % interval (seeds), then the paper's rows
-- make: lowrank sweep webnlg
-- shows: model task method rank
WITH name(task, metric, score, col) AS (
    VALUES ('webnlg_unseen', 'webnlg_bleu', 'BLEU unseen', 'BLEU_U'),
           ('webnlg_seen', 'webnlg_bleu', 'BLEU seen', 'BLEU_S'),
           ('webnlg', 'webnlg_bleu', 'BLEU all', 'BLEU_A'),
           ('webnlg_unseen', 'webnlg_meteor', 'METEOR unseen', 'MET_U'),
           ('webnlg_seen', 'webnlg_meteor', 'METEOR seen', 'MET_S'),
           ('webnlg', 'webnlg_meteor', 'METEOR all', 'MET_A'),
           ('webnlg_unseen', 'webnlg_ter', 'TER unseen', 'TER_U'),
           ('webnlg_seen', 'webnlg_ter', 'TER seen', 'TER_S'),
           ('webnlg', 'webnlg_ter', 'TER all', 'TER_A')),
c AS MATERIALIZED (
    SELECT c.*,
           (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
             ORDER BY a.attempt DESC LIMIT 1) AS parameters
      FROM study_cells c WHERE c.study = coalesce(:study, 'webnlg') AND (c.n > 0 OR c.n_diverged > 0)
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
           (SELECT round(1e6 * m.value) FROM paper m WHERE m.tab = 'T14' AND m.row = p.row AND m.col = 'params_M'),
           instr(p.row, 'GPT2L'), name.score,
           value || coalesce(' ± ' || spread, ''), value, spread
      FROM paper p LEFT JOIN name ON name.col = p.col
     WHERE tab = 'T14' AND EXISTS (SELECT 1 FROM c))
SELECT study, model, method, rank, max(parameters) AS parameters,
       group_concat(shown, '; ') FILTER (WHERE score = 'BLEU unseen') AS "BLEU unseen {text}",
       max(mean) FILTER (WHERE score = 'BLEU unseen') AS "BLEU unseen {data}", max(half) FILTER (WHERE score = 'BLEU unseen') AS "BLEU unseen half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'BLEU seen') AS "BLEU seen {text}",
       max(mean) FILTER (WHERE score = 'BLEU seen') AS "BLEU seen {data}", max(half) FILTER (WHERE score = 'BLEU seen') AS "BLEU seen half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'BLEU all') AS "BLEU all {text}",
       max(mean) FILTER (WHERE score = 'BLEU all') AS "BLEU all {data}", max(half) FILTER (WHERE score = 'BLEU all') AS "BLEU all half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'METEOR unseen') AS "METEOR unseen {text}",
       max(mean) FILTER (WHERE score = 'METEOR unseen') AS "METEOR unseen {data}", max(half) FILTER (WHERE score = 'METEOR unseen') AS "METEOR unseen half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'METEOR seen') AS "METEOR seen {text}",
       max(mean) FILTER (WHERE score = 'METEOR seen') AS "METEOR seen {data}", max(half) FILTER (WHERE score = 'METEOR seen') AS "METEOR seen half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'METEOR all') AS "METEOR all {text}",
       max(mean) FILTER (WHERE score = 'METEOR all') AS "METEOR all {data}", max(half) FILTER (WHERE score = 'METEOR all') AS "METEOR all half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'TER unseen') AS "TER unseen {text}",
       max(mean) FILTER (WHERE score = 'TER unseen') AS "TER unseen {data}", max(half) FILTER (WHERE score = 'TER unseen') AS "TER unseen half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'TER seen') AS "TER seen {text}",
       max(mean) FILTER (WHERE score = 'TER seen') AS "TER seen {data}", max(half) FILTER (WHERE score = 'TER seen') AS "TER seen half {data}",
       group_concat(shown, '; ') FILTER (WHERE score = 'TER all') AS "TER all {text}",
       max(mean) FILTER (WHERE score = 'TER all') AS "TER all {data}", max(half) FILTER (WHERE score = 'TER all') AS "TER all half {data}"
  FROM v
 GROUP BY part, study, model, method, rank
 ORDER BY part, min(ordinal);
