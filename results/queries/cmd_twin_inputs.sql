-- command: what the newest finished run with the configuration config= read, unless its key is key=: role, path, SHA-256
SELECT r.run_key, i.role, i.path, i.sha256
  FROM run r JOIN run_input i ON i.run_id = r.run_id AND i.attempt = r.attempts
 WHERE r.run_id = (SELECT max(t.run_id) FROM run t
                    WHERE t.config = :config AND t.run_key <> :key AND t.state IN ('done', 'diverged'))
 ORDER BY i.role;
