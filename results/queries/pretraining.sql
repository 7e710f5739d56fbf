-- models trained from text alone: bits per byte and loss per token of the held-out text, parameters, tokens, speed
-- make: lowrank pretrain TEXT DIR
SELECT substr(r.run_key, 1, 8) AS run, r.state, r.model, r.task AS text, a.trainable AS parameters,
       a.last_step AS steps, a.tokens, round(a.tokens / nullif(a.train_s, 0)) AS tokens_per_s, a.train_s,
       max(CASE m.name WHEN 'bits_per_byte' THEN x.value END) AS bits_per_byte,
       max(CASE m.name WHEN 'token_loss' THEN x.value END) AS token_loss
  FROM run r LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN result x ON x.run_id = r.run_id AND x.which = 'last'
  LEFT JOIN metric_name m ON m.metric_id = x.metric_id
 WHERE r.method = 'pretrain'
 GROUP BY r.run_id
 ORDER BY r.run_id;
