-- where each attempt ran: commit, host, kernel, time; filter with run=PREFIX
-- shows: all
SELECT key8 AS run, attempt, outcome, started, ended, round(wall_s, 1) AS wall_s, round(peak_rss_mb) AS peak_rss_mb,
       coalesce('unknown: ' || json_extract(env, '$.git.why'), substr(git_commit, 1, 10)) AS git_commit, git_dirty,
       host, cpu, blas_core, compiler, error
  FROM provenance
 WHERE :run IS NULL OR (run_key >= :run AND run_key < :run || 'g')
 ORDER BY run_id, attempt;
