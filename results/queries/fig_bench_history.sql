-- figure: the share of the machine's GEMM rate that training steps reached, one measurement after another; filter with kind=, label=, host=
WITH p AS (
    SELECT bench_id, ordinal, kind, label, host, git_commit, git_dirty,
           max(CASE name WHEN 'ratio' THEN value END) AS ratio,
           max(CASE name WHEN 'tokens_per_s' THEN value END) AS tokens_per_s
      FROM benches
     WHERE kind IN ('step', 'task', 'sweep')
       AND (:kind IS NULL OR kind = :kind) AND (:label IS NULL OR instr(label, :label))
       AND (:host IS NULL OR host = :host)
     GROUP BY bench_id, ordinal),
o AS (SELECT *, dense_rank() OVER (ORDER BY bench_id) AS n FROM p WHERE ratio IS NOT NULL)
SELECT kind || ': ' || label AS series,
       n || ' ' || substr(git_commit, 1, 7) || iif(git_dirty, '+', '') AS place, tokens_per_s, 100 * ratio AS percent
  FROM o
 ORDER BY n;
