-- figure: loss per token of pretraining runs, on the training text and on the held-out text; filter with run=
SELECT c.key8 || ': ' || iif(c.split = 'train', 'training', 'held out') AS series, c.step, c.value AS loss
  FROM curves c JOIN run r ON r.run_id = c.run_id
 WHERE r.method = 'pretrain' AND c.metric = 'loss' AND c.split IN ('train', 'dev')
   AND (:run IS NULL OR (c.run_key >= :run AND c.run_key < :run || 'g'))
 ORDER BY c.run_id, c.split DESC, c.step;
