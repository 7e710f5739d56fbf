-- Schema 9: every view counts layers from 1, as figures and tables do; 0 is what belongs to no layer, such as the
-- embeddings. The numbers are stored as before, from 0 with -1 for no layer.
DROP VIEW phi;
DROP VIEW analyses;
DROP VIEW analysis;

-- analysis: every number with its set, but for those of runs that the study's newest plan has not. newest: the settings of this study and kind that were computed last; a query
-- shows those ("settings = newest") unless others are asked for. CROSS keeps the order: by set.
CREATE VIEW analysis AS
SELECT s.study, s.kind, s.settings, s.newest, v.run_a, v.run_b, v.layer + 1 AS layer, v.proj, v.i, v.j, v.name, v.value
  FROM (SELECT a.*, first_value(settings) OVER (PARTITION BY study, kind ORDER BY at DESC, set_id DESC) AS newest,
               (SELECT plan_id FROM sweep w WHERE w.name = a.study) AS plan_id
          FROM analysed a) s
  CROSS JOIN analysis_value v ON v.set_id = s.set_id
 WHERE (v.run_a = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_a))
   AND (v.run_a = 0 OR v.run_b = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_b));

-- analyses: the same with what is known of the runs. What ends in _b is of run_b.
CREATE VIEW analyses AS
SELECT x.study, x.kind, x.settings, x.newest, x.layer, x.proj, x.i, x.j, x.name, x.value,
       substr(a.run_key, 1, 8) AS key8, a.model, a.task, a.method, a.rank, a.targets, a.seed,
       substr(b.run_key, 1, 8) AS key8_b, b.task AS task_b, b.method AS method_b, b.rank AS rank_b,
       b.targets AS targets_b, b.seed AS seed_b, x.run_a, x.run_b, a.cell_key, b.cell_key AS cell_key_b
  FROM analysis x LEFT JOIN run a ON a.run_id = x.run_a LEFT JOIN run b ON b.run_id = x.run_b AND x.run_a > 0;

-- phi: subspace similarity phi(A_1, A_2, i, j) of Hu et al. 2021, equation 4, of adapters of two ranks (kind 'rank'),
-- of two seeds ('seed'), of both ('rank_seed') and of two Gaussian matrices ('random', runs 0).
CREATE VIEW phi AS
SELECT study, settings, newest, substr(name, 5) AS kind, run_a, run_b, layer, proj, i, j, value AS phi
  FROM analysis WHERE kind = 'subspace';
