-- command: the run whose key begins with key=: model, configuration, error, checkpoint that it started from
SELECT r.run_id, r.model, r.config, a.error,
       (SELECT i.sha256 FROM run_input i
         WHERE i.run_id = r.run_id AND i.role = 'weights' ORDER BY i.attempt DESC LIMIT 1) AS weights
  FROM run r LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
 WHERE r.run_key >= :key AND r.run_key < :key || 'g'
 LIMIT 2;
