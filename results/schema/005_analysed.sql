-- Schema 5: a number of a computed study stands under the study's own name, whichever of its runs were looked at, and
-- the options that change numbers stand beside; what compares adapters (phi) is stored like all the others.

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
    run_b  INTEGER NOT NULL,                     -- the run it is compared with; 0: with none
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
   AND (v.run_b = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_b));

-- analyses: the same with what is known of the runs. What ends in _b is of run_b; layer counts from 1 here.
CREATE VIEW analyses AS
SELECT x.study, x.kind, x.settings, x.newest, x.layer + 1 AS layer, x.proj, x.i, x.j, x.name, x.value,
       substr(a.run_key, 1, 8) AS key8, a.model, a.task, a.method, a.rank, a.targets, a.seed,
       substr(b.run_key, 1, 8) AS key8_b, b.task AS task_b, b.method AS method_b, b.rank AS rank_b,
       b.targets AS targets_b, b.seed AS seed_b, x.run_a, x.run_b, a.cell_key, b.cell_key AS cell_key_b
  FROM analysis x LEFT JOIN run a ON a.run_id = x.run_a LEFT JOIN run b ON b.run_id = x.run_b;

-- phi: subspace similarity phi(A_1, A_2, i, j) of Hu et al. 2021, equation 4, of adapters of two ranks (kind 'rank'),
-- of two seeds ('seed') and of two Gaussian matrices ('random', runs 0).
CREATE VIEW phi AS
SELECT study, settings, newest, substr(name, 5) AS kind, run_a, run_b, layer, proj, i, j, value AS phi
  FROM analysis WHERE kind = 'subspace';
