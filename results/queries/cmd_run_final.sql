-- command: the final numbers of the run with the key key=
SELECT which, metric, coalesce(value, nonfinite) AS value, step
  FROM final
 WHERE run_key = :key
 ORDER BY which, metric;
