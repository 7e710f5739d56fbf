-- speed measured on this machine, newest first; filter with kind= (step, task, ...), commit=PREFIX
SELECT bench_id AS id, started, kind, label,
       max(CASE name WHEN 'ms_median' THEN value END) AS ms,
       max(CASE name WHEN 'tokens_per_s' THEN value END) AS tokens_per_s,
       max(CASE WHEN name IN ('needed_gflops', 'gflops') THEN value END) AS gflops,
       max(CASE name WHEN 'ratio' THEN value END) AS ratio,
       max(CASE name WHEN 'peak_rss_mb' THEN value END) AS peak_rss_mb,
       max(CASE name WHEN 'runs_per_hour' THEN value END) AS runs_per_hour,
       threads, substr(git_commit, 1, 8) || iif(git_dirty, '+', '') AS git_commit, cpu
  FROM benches
 WHERE (:kind IS NULL OR kind = :kind)
   AND (:commit IS NULL OR (git_commit >= :commit AND git_commit < :commit || 'g'))
 GROUP BY bench_id, ordinal
 ORDER BY bench_id DESC, ordinal;
