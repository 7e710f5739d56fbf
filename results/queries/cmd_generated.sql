-- command: the texts that a run (run=, its run_id) has generated of a split (split=)
SELECT input, text FROM generated WHERE run_id = CAST(:run AS INTEGER) AND split = :split ORDER BY input;
