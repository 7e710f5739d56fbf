-- Table 1: the time of a forward pass on one thread against the plain model: slow-down as the median over rounds; 'merged' computes exactly what the plain model does, so its row shows the noise
-- make: lowrank ablate latency
-- shows: all
WITH v AS MATERIALIZED (
    SELECT study, settings, proj AS weights, i AS batch, j AS length, max(CASE name WHEN 'ms' THEN value END) AS ms,
           max(CASE name WHEN 'spread' THEN value END) AS spread,
           max(CASE name WHEN 'to_base' THEN value END) AS ratio,
           max(CASE name WHEN 'to_base_q1' THEN value END) AS q1,
           max(CASE name WHEN 'to_base_q3' THEN value END) AS q3,
           min(CASE name WHEN 'to_base_round' THEN value END) AS lo,
           max(CASE name WHEN 'to_base_round' THEN value END) AS hi, sum(name = 'to_base_round') AS rounds
      FROM analysis
     WHERE kind = 'latency' AND i > 0 AND (:study IS NULL OR study = :study) AND settings = coalesce(:settings, newest)
     GROUP BY study, settings, proj, i, j)
SELECT v.study AS model, v.weights, v.batch, v.length,
       (SELECT CAST(value AS INTEGER) FROM analysis p WHERE p.study = v.study AND p.kind = 'latency'
           AND p.settings = v.settings AND p.proj = v.weights AND p.name = 'parameters') AS parameters,
       round(v.ms, 2) AS ms, round(v.spread, 2) AS "between quartiles",
       iif(v.weights = 'base', NULL, printf('%+.1f', 100 * (v.ratio - 1))) AS "slow-down %",
       iif(v.weights = 'base' OR v.rounds = 0, NULL,
           printf('%+.1f to %+.1f (%d)', 100 * (v.lo - 1), 100 * (v.hi - 1), v.rounds)) AS "lowest to highest round",
       iif(v.weights = 'base', NULL, printf('%+.1f to %+.1f', 100 * (v.q1 - 1), 100 * (v.q3 - 1))) AS "quartiles of turns",
       (SELECT value FROM paper WHERE tab = 'T1' AND row = CASE v.weights WHEN 'adapter-l' THEN 'AdapterL'
               WHEN 'adapter-h' THEN 'AdapterH' END || ' slowdown%'
           AND col LIKE 'b' || v.batch || '~_s' || v.length || '~_%' ESCAPE '~') AS "paper slow-down %"
  FROM v
 ORDER BY v.study, v.length, v.batch, instr('base merged lora adapter-l adapter-h', v.weights);
