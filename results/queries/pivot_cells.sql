-- pivot: the cells of a study (study=) that have finished or diverged runs, with statistics; then what follows from recipe keys, and every recipe key
SELECT c.cell_id, c.ordinal, substr(c.cell_key, 1, 8) AS cell, c.which, c.metric, c.goal, c.percent, c.n, c.n_planned,
       c.n_diverged, c.mean, c.sd, c.half, c.median, c.min, c.max, c.trial,
       (SELECT t.edge FROM tuning t WHERE t.plan_id = c.plan_id AND t.point = c.point AND t.outcome = 'chosen') AS edge,
       (SELECT a.trainable - a.trainable_head FROM attempt a WHERE a.run_id = c.any_run_id
         ORDER BY a.attempt DESC LIMIT 1) AS parameters,
       k.alpha / nullif(k.rank, 0) AS scale, iif(instr(k.model, '@r'), substr(k.model, 1, instr(k.model, '@r') - 1), k.model) AS encoder,
       iif(instr(k.model, '@r'), substr(k.model, instr(k.model, '@r') + 2), 'whole') AS cut,
       iif(k.train_n = 0, 'all', k.train_n) AS examples, k.*
  FROM study_cells c JOIN cell k ON k.cell_id = c.cell_id
 WHERE c.study = :study AND (c.n > 0 OR c.n_diverged > 0)
 ORDER BY c.ordinal;
