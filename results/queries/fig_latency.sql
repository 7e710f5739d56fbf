-- figure: slow-down of a forward pass in % over the plain model (median over rounds), by kind of weights; study= is the geometry
SELECT CASE proj WHEN 'merged' THEN 'LoRA merged' WHEN 'lora' THEN 'LoRA unmerged' ELSE proj END AS weights,
       i AS batch, j AS length, dense_rank() OVER (ORDER BY j) AS x, dense_rank() OVER (ORDER BY i) AS y,
       100 * (value - 1) AS slower
  FROM analysis
 WHERE kind = 'latency' AND name = 'to_base' AND proj <> 'base' AND study = coalesce(:study, 'minilm') AND settings = coalesce(:settings, newest)
 ORDER BY instr('merged lora adapter-l adapter-h', proj), i, j;
