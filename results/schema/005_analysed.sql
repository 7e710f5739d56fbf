-- Schema 5: a number of a computed study stands under the study's own name, whichever of its runs were looked at, and
-- the options that change numbers stand beside; what compares adapters (phi) is stored like all the others. Of a
-- study's trials one that diverged with some seed is not chosen for the seeds that are left.

DROP VIEW analyses;
ALTER TABLE analysis RENAME TO analysis_4;
ALTER TABLE phi RENAME TO phi_4;

-- What 'lowrank ablate' computed: one row for each kind and its settings.
CREATE TABLE analysed(
    set_id   INTEGER PRIMARY KEY,
    study    TEXT NOT NULL CHECK(study <> ''),   -- whose runs were analysed; kind 'latency': the geometry
    kind     TEXT NOT NULL CHECK(kind <> ''),    -- the analysis: "amplify", "weights", "effective_rank", ...
    settings TEXT NOT NULL,                      -- options other than usual that change the numbers: "n=300"; '': none
    at       REAL NOT NULL,                      -- when rows were last written, seconds since 1970; 0: not known
    UNIQUE(study, kind, settings)
) STRICT;

-- One number a row. WITHOUT ROWID: those of one name, then of one matrix, lie together.
CREATE TABLE analysis_value(
    set_id INTEGER NOT NULL REFERENCES analysed(set_id) ON DELETE CASCADE,
    name   TEXT NOT NULL CHECK(name <> ''),      -- which number: "norm_dw", "factor", "phi", ...
    layer  INTEGER NOT NULL,                     -- from 0; -1: of no layer
    proj   TEXT NOT NULL,                        -- the matrix: "q", "k", "v", "o", "up", "down"; '': of none
    run_a  INTEGER NOT NULL,                     -- the run it is of (run_id); 0: of no run (the frozen model, chance)
    run_b  INTEGER NOT NULL,                     -- the run it is compared with; 0: with none; where run_a is 0: the round
    i      INTEGER NOT NULL,                     -- directions on the first side, from 1; 0 where nothing is counted
    j      INTEGER NOT NULL,                     -- directions on the second side, from 1; 0 where nothing is counted
    value  REAL,                                 -- NULL: not defined here (a quotient with 0 below)
    PRIMARY KEY(set_id, name, layer, proj, run_a, run_b, i, j)
) STRICT, WITHOUT ROWID;

-- Sets named "STUDY key=value ..." until now: what only chose among the runs is left out of the settings.
CREATE TABLE renamed AS
WITH RECURSIVE
named(old, was) AS (SELECT study, kind FROM analysis_4 GROUP BY 1, 2
                     UNION SELECT study, 'subspace' FROM phi_4 GROUP BY 1),
word(old, was, study, rest, settings) AS (
    SELECT old, was, substr(old || ' ', 1, instr(old || ' ', ' ') - 1), substr(old || ' ', instr(old || ' ', ' ') + 1), ''
      FROM named
    UNION ALL
    SELECT old, was, study, substr(rest, instr(rest, ' ') + 1),
           settings || CASE WHEN substr(rest, 1, instr(rest, '=') - 1) IN ('methods', 'targets', 'task', 'ranks', 'other_seed')
                                 OR (was = 'subspace' AND rest LIKE 'seed=%') THEN ''
                            ELSE iif(settings = '', '', ' ') || substr(rest, 1, instr(rest, ' ') - 1) END
      FROM word WHERE rest <> '')
SELECT old, was, study, CASE was WHEN 'cka' THEN 'features' WHEN 'gradient' THEN 'matrices' ELSE was END AS kind, settings
  FROM word WHERE rest = '';

INSERT INTO analysed(study, kind, settings, at) SELECT DISTINCT study, kind, settings, 0 FROM renamed ORDER BY 1, 2, 3;
INSERT OR REPLACE INTO analysis_value
SELECT s.set_id, x.name, x.layer, x.proj, x.run_a, x.run_b, x.i, x.j, x.value
  FROM analysis_4 x JOIN renamed r ON r.old = x.study AND r.was = x.kind
  JOIN analysed s ON s.study = r.study AND s.kind = r.kind AND s.settings = r.settings;
INSERT OR REPLACE INTO analysis_value
SELECT s.set_id, 'phi_' || x.kind, x.layer, x.proj, x.run_a, x.run_b, x.i, x.j, x.phi
  FROM phi_4 x JOIN renamed r ON r.old = x.study AND r.was = 'subspace'
  JOIN analysed s ON s.study = r.study AND s.kind = r.kind AND s.settings = r.settings;
DROP TABLE renamed;
DROP TABLE analysis_4;
DROP TABLE phi_4;

-- analysis: every number with its set, but for those of runs that the study's newest plan has not. newest: the settings of this study and kind that were computed last; a query
-- shows those ("settings = newest") unless others are asked for. CROSS keeps the order: by set.
CREATE VIEW analysis AS
SELECT s.study, s.kind, s.settings, s.newest, v.run_a, v.run_b, v.layer, v.proj, v.i, v.j, v.name, v.value
  FROM (SELECT a.*, first_value(settings) OVER (PARTITION BY study, kind ORDER BY at DESC, set_id DESC) AS newest,
               (SELECT plan_id FROM sweep w WHERE w.name = a.study) AS plan_id
          FROM analysed a) s
  CROSS JOIN analysis_value v ON v.set_id = s.set_id
 WHERE (v.run_a = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_a))
   AND (v.run_a = 0 OR v.run_b = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_b));

-- analyses: the same with what is known of the runs. What ends in _b is of run_b; layer counts from 1 here.
CREATE VIEW analyses AS
SELECT x.study, x.kind, x.settings, x.newest, x.layer + 1 AS layer, x.proj, x.i, x.j, x.name, x.value,
       substr(a.run_key, 1, 8) AS key8, a.model, a.task, a.method, a.rank, a.targets, a.seed,
       substr(b.run_key, 1, 8) AS key8_b, b.task AS task_b, b.method AS method_b, b.rank AS rank_b,
       b.targets AS targets_b, b.seed AS seed_b, x.run_a, x.run_b, a.cell_key, b.cell_key AS cell_key_b
  FROM analysis x LEFT JOIN run a ON a.run_id = x.run_a LEFT JOIN run b ON b.run_id = x.run_b AND x.run_a > 0;

-- cell_differs: what tells cells of a study's newest plan apart that are alike in model, task, method, rank and targets:
-- ", lr = 0.002" of each key in which they differ; no row for a cell that is like no other.
CREATE VIEW cell_differs AS
WITH c AS (
    SELECT study, cell_key, config, alike, count(*) OVER (PARTITION BY study, alike) AS cells
      FROM (SELECT w.name AS study, r.cell_key, min(r.config) AS config,
                   json_array(r.model, r.task, r.method, r.rank, r.targets) AS alike
              FROM sweep w JOIN sweep_run p ON p.plan_id = w.plan_id JOIN run r ON r.run_id = p.run_id
             GROUP BY w.name, r.cell_key)),
k AS (
    SELECT c.study, c.cell_key, j.key, j.value, c.cells, min(j.value) OVER w <> max(j.value) OVER w AS varies,
           count(j.value) OVER w AS have
      FROM c JOIN json_each(c.config) j
     WHERE c.cells > 1 AND j.key <> 'seed'
    WINDOW w AS (PARTITION BY c.study, c.alike, j.key))
SELECT study, cell_key, group_concat(', ' || key || ' = ' || iif(value = '', 'none', value), '') AS differs
  FROM (SELECT * FROM k WHERE value IS NOT NULL AND (varies OR have < cells) ORDER BY study, cell_key, key)
 GROUP BY study, cell_key;

-- phi: subspace similarity phi(A_1, A_2, i, j) of Hu et al. 2021, equation 4, of adapters of two ranks (kind 'rank'),
-- of two seeds ('seed'), of both ('rank_seed') and of two Gaussian matrices ('random', runs 0).
CREATE VIEW phi AS
SELECT study, settings, newest, substr(name, 5) AS kind, run_a, run_b, layer, proj, i, j, value AS phi
  FROM analysis WHERE kind = 'subspace';

DROP VIEW study_cells;
DROP VIEW study_trials;

-- study_trials: statistics of every trial (nuisance values) of every point of a study over its own seeds, as in
-- cells; choice = 1 is the trial with the best mean on dev among those of its point; one that diverged with a
-- seed, then one that lacks a seed, comes behind the others.
CREATE VIEW study_trials AS
WITH v AS (
    SELECT plan_id, cell_key, which, value, metric, goal, percent,
           avg(value) OVER w AS mu, count(value) OVER w AS c, row_number() OVER w AS k
      FROM study_values
    WINDOW w AS (PARTITION BY plan_id, cell_key, which ORDER BY value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
s AS (
    SELECT plan_id, cell_key, which, min(metric) AS metric, min(goal) AS goal, min(percent) AS percent,
           count(value) AS n, count(*) - count(value) AS n_nan, avg(value) AS mean,
           CASE WHEN count(value) > 1
                THEN sqrt(sum((value - mu) * (value - mu)) / (count(value) - 1)) END AS sd,
           avg(CASE WHEN k IN ((c + 1) / 2, c / 2 + 1) THEN value END) AS median,
           min(value) AS min, max(value) AS max
      FROM v GROUP BY plan_id, cell_key, which),
g AS (
    SELECT t.sweep_id, t.study, t.plan_id, t.metric, t.which, t.pick, sr.point, r.cell_key,
           min(sr.trial) AS trial, min(sr.ordinal) AS ordinal, min(r.run_id) AS run_id,
           count(*) AS n_planned, sum(r.state = 'diverged') AS n_diverged, sum(r.state = 'failed') AS n_failed
      FROM study t JOIN sweep_run sr ON sr.plan_id = t.plan_id JOIN run r ON r.run_id = sr.run_id
     GROUP BY t.plan_id, r.cell_key),
j AS (
    SELECT g.sweep_id, g.study, g.plan_id, g.which, g.pick, g.point, g.cell_key, g.trial, g.ordinal, g.run_id,
           g.n_planned, g.n_diverged, g.n_failed, coalesce(a.metric, g.metric) AS metric,
           coalesce(a.goal, m.goal) AS goal, coalesce(a.percent, m.percent) AS percent, coalesce(a.n, 0) AS n,
           coalesce(a.n_nan, 0) AS n_nan, a.mean, a.sd, a.median, a.min, a.max,
           row_number() OVER (PARTITION BY g.plan_id, g.point
                              ORDER BY p.mean IS NULL, g.n_diverged > 0, p.n < g.n_planned,
                                       iif(p.goal = 'min', p.mean, -p.mean), g.ordinal) = 1 AS choice
      FROM g
      LEFT JOIN s a ON a.plan_id = g.plan_id AND a.cell_key = g.cell_key AND a.which = g.which
      LEFT JOIN s p ON p.plan_id = g.plan_id AND p.cell_key = g.cell_key AND p.which = g.pick
      LEFT JOIN metric_name m ON m.name = g.metric),
h AS (
    SELECT j.*, j.sd / sqrt(j.n) * t.value AS half
      FROM j LEFT JOIN t95 t ON t.df = CASE WHEN j.n <= 31 THEN j.n - 1 WHEN j.n <= 40 THEN 30
                               WHEN j.n <= 60 THEN 40 WHEN j.n <= 120 THEN 60 ELSE 120 END)
SELECT j.study, j.point, j.trial, j.choice, j.cell_key, j.which, j.metric, j.goal, j.percent,
       j.n, j.n_planned, j.n_diverged, j.n_failed, j.n_nan, j.mean, j.sd,
       j.half, j.median, j.min, j.max,
       iif(j.n > 0, printf(iif(j.percent, '%.1f', '%.4f'), j.mean * iif(j.percent, 100, 1))
                    || iif(j.half IS NULL, '', printf(iif(j.percent, ' ± %.1f', ' ± %.4f'),
                                                      j.half * iif(j.percent, 100, 1)))
                    || printf(' (%d)', j.n)
                    || iif(j.n_diverged > 0, printf(', %d diverged', j.n_diverged), ''),
           iif(j.n_diverged > 0, printf('%d diverged (0)', j.n_diverged), NULL)) AS shown,
       r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.pooling,
       r.epochs, r.train_n, r.init, r.top_layers, j.ordinal, j.plan_id, j.sweep_id, j.run_id AS any_run_id
  FROM h AS j JOIN run r ON r.run_id = j.run_id;

-- study_cells: one row a point of a study: the trial that was best on dev. The others are in study_trials.
CREATE VIEW study_cells AS SELECT * FROM study_trials WHERE choice;
