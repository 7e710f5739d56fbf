-- The result database of lowrank, schema 1. Read it with sqlite3, Python or R; the views at the end are the
-- promised interface, the tables below them are what they are made of.
-- Times are seconds since 1970 (UTC). STRICT tables: a column holds its type or NULL.

-- ---------------------------------------------------------------- what was asked

-- One run is one configuration with its seed. run_key is the SHA-256 of the configuration and of every input
-- file, so that the same work is never done twice; cell_key is the same without the seed.
CREATE TABLE run(
    run_id     INTEGER PRIMARY KEY,
    run_key    TEXT NOT NULL UNIQUE CHECK(length(run_key) = 64),
    cell_key   TEXT NOT NULL,
    config     TEXT NOT NULL CHECK(json_valid(config)),   -- flat: {"model": "minilm", "rank": 8, ...}
    state      TEXT NOT NULL DEFAULT 'queued'
               CHECK(state IN ('queued', 'running', 'done', 'diverged', 'failed', 'cancelled')),
    cost       REAL NOT NULL DEFAULT 0,        -- estimated seconds: long runs are started first
    attempts   INTEGER NOT NULL DEFAULT 0,     -- number of the newest attempt
    spent      INTEGER NOT NULL DEFAULT 0,     -- attempts that count: an interrupted one is given back
    owner      TEXT,                           -- while running: "host:pid:bootid"
    lease      REAL,                           -- while running: stale after this time
    lease_boot REAL,                           -- the same on the owner's clock since boot, which never jumps
    created    REAL NOT NULL,
    model      TEXT    GENERATED ALWAYS AS (CAST(json_extract(config, '$.model') AS TEXT)) VIRTUAL,
    task       TEXT    GENERATED ALWAYS AS (CAST(json_extract(config, '$.task') AS TEXT)) VIRTUAL,
    method     TEXT    GENERATED ALWAYS AS (CAST(json_extract(config, '$.method') AS TEXT)) VIRTUAL,
    rank       INTEGER GENERATED ALWAYS AS (CAST(json_extract(config, '$.rank') AS INTEGER)) VIRTUAL,
    alpha      REAL    GENERATED ALWAYS AS (CAST(json_extract(config, '$.alpha') AS REAL)) VIRTUAL,
    targets    TEXT    GENERATED ALWAYS AS (replace(replace(replace(CAST(json_extract(config, '$.targets')
                       AS TEXT), '["', ''), '"]', ''), '","', ',')) VIRTUAL,
    lr         REAL    GENERATED ALWAYS AS (CAST(json_extract(config, '$.lr') AS REAL)) VIRTUAL,
    seed       INTEGER GENERATED ALWAYS AS (CAST(json_extract(config, '$.seed') AS INTEGER)) VIRTUAL,
    pooling    TEXT    GENERATED ALWAYS AS (CAST(json_extract(config, '$.pooling') AS TEXT)) VIRTUAL,
    epochs     INTEGER GENERATED ALWAYS AS (CAST(json_extract(config, '$.epochs') AS INTEGER)) VIRTUAL,
    train_n    INTEGER GENERATED ALWAYS AS (CAST(json_extract(config, '$.train_n') AS INTEGER)) VIRTUAL,
    init       TEXT    GENERATED ALWAYS AS (CAST(json_extract(config, '$.init') AS TEXT)) VIRTUAL,
    top_layers INTEGER GENERATED ALWAYS AS (CAST(json_extract(config, '$.top_layers') AS INTEGER)) VIRTUAL
) STRICT;
CREATE INDEX run_claim ON run(state, cost DESC, run_id);
CREATE INDEX run_cell ON run(cell_key, state);

-- A study. Planning it again with other fixed settings starts a new plan; tables show the newest plan only, so
-- that runs which differ in more than the study's axes never stand in one table. Nothing is deleted.
CREATE TABLE sweep(
    sweep_id INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    spec     TEXT NOT NULL CHECK(json_valid(spec)),       -- axes, nuisance, metric, seeds, source
    plan_id  INTEGER,                                     -- the newest plan
    created  REAL NOT NULL
) STRICT;
CREATE TABLE plan(
    plan_id  INTEGER PRIMARY KEY,
    sweep_id INTEGER NOT NULL REFERENCES sweep,
    base     TEXT NOT NULL,                               -- "key=value" lines that all its runs share
    planned  REAL NOT NULL,
    UNIQUE(sweep_id, base)
) STRICT;
CREATE TABLE sweep_run(
    plan_id  INTEGER NOT NULL REFERENCES plan,
    run_id   INTEGER NOT NULL REFERENCES run,
    point    TEXT NOT NULL,                               -- what the study compares: key without seed, nuisance
    trial    TEXT NOT NULL CHECK(json_valid(trial)),      -- values of the nuisance keys, "{}" without
    ordinal  INTEGER NOT NULL,                            -- place in the study file
    PRIMARY KEY(plan_id, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sweep_run_run ON sweep_run(run_id);

-- ---------------------------------------------------------------- what happened

-- Where a run was done: commit, host, CPU, libraries. One row a distinct document.
CREATE TABLE env(
    env_id     INTEGER PRIMARY KEY,
    sha256     TEXT NOT NULL UNIQUE CHECK(length(sha256) = 64),
    doc        TEXT NOT NULL CHECK(json_valid(doc)),
    git_commit TEXT    GENERATED ALWAYS AS (CAST(json_extract(doc, '$.git.commit') AS TEXT)) VIRTUAL,
    git_dirty  INTEGER GENERATED ALWAYS AS (CAST(json_extract(doc, '$.git.dirty') AS INTEGER)) VIRTUAL,
    host       TEXT    GENERATED ALWAYS AS (CAST(json_extract(doc, '$.host.name') AS TEXT)) VIRTUAL,
    cpu        TEXT    GENERATED ALWAYS AS (CAST(json_extract(doc, '$.cpu.model') AS TEXT)) VIRTUAL,
    blas_core  TEXT    GENERATED ALWAYS AS (CAST(json_extract(doc, '$.blas.core') AS TEXT)) VIRTUAL,
    compiler   TEXT    GENERATED ALWAYS AS (CAST(json_extract(doc, '$.build.compiler') AS TEXT)) VIRTUAL
) STRICT;

-- Each try keeps its own row.
CREATE TABLE attempt(
    run_id         INTEGER NOT NULL REFERENCES run,
    attempt        INTEGER NOT NULL,
    env_id         INTEGER REFERENCES env,
    owner          TEXT NOT NULL,
    started        REAL NOT NULL,
    heartbeat      REAL NOT NULL,
    step           INTEGER,                               -- at the last heartbeat
    ended          REAL,
    outcome        TEXT CHECK(outcome IN ('done', 'diverged', 'failed', 'interrupted', 'lost')), -- NULL: running
    exit_code      INTEGER,
    signal         INTEGER,
    error          TEXT,
    resumed_step   INTEGER,                               -- 0: from the start
    last_step      INTEGER,
    wall_s         REAL,
    cpu_s          REAL,
    train_s        REAL,                                  -- in training steps, of the whole run
    tokens         REAL,                                  -- trained on, of the whole run
    peak_rss       INTEGER,                               -- bytes
    trainable      INTEGER,                               -- counted, with the head
    trainable_head INTEGER,                               -- of them in the task's head
    total_params   INTEGER,
    formula_count  INTEGER,                               -- closed form, without the head
    adapter_dir    TEXT,                                  -- relative to the folder of the database
    PRIMARY KEY(run_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_open ON attempt(run_id) WHERE outcome IS NULL;

-- Every file that was read or written, by content.
CREATE TABLE artifact(
    sha256 TEXT PRIMARY KEY CHECK(length(sha256) = 64),
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE run_input(
    run_id  INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    role    TEXT NOT NULL,                                -- "weights", "tokenizer", "train", "dev", "adapter"
    path    TEXT NOT NULL,                                -- where it lay
    sha256  TEXT NOT NULL REFERENCES artifact,
    PRIMARY KEY(run_id, attempt, role, path),
    FOREIGN KEY(run_id, attempt) REFERENCES attempt
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- what came out

CREATE TABLE metric_name(
    metric_id INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    goal      TEXT NOT NULL CHECK(goal IN ('min', 'max', 'none')),
    percent   INTEGER NOT NULL DEFAULT 0 CHECK(percent IN (0, 1))   -- 1: papers print 100 times the value
) STRICT;
INSERT INTO metric_name(name, goal, percent) VALUES
    ('accuracy', 'max', 1), ('f1', 'max', 1), ('f1_macro', 'max', 1), ('matthews', 'max', 1),
    ('pearson', 'max', 1), ('spearman', 'max', 1), ('mse', 'min', 0), ('rmse', 'min', 0), ('mae', 'min', 0),
    ('loss', 'min', 0), ('perplexity', 'min', 0), ('lr', 'none', 0), ('grad_norm', 'none', 0),
    ('tokens', 'none', 0);

-- Points of curves. A value that is not a number is NULL here and named in nonfinite.
CREATE TABLE metric(
    run_id    INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,
    split     TEXT NOT NULL,                              -- "train", "dev", "test"
    metric_id INTEGER NOT NULL REFERENCES metric_name,
    step      INTEGER NOT NULL,
    value     REAL,
    nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
    PRIMARY KEY(run_id, attempt, split, metric_id, step),
    CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
    FOREIGN KEY(run_id, attempt) REFERENCES attempt
) STRICT, WITHOUT ROWID;

-- One number a run, kind and metric: tables never scan curves.
--   best       the best evaluation on dev, at that step       last       the last evaluation on dev
--   test_best  test, with the numbers of the best evaluation  test       test, with the last numbers
CREATE TABLE result(
    run_id    INTEGER NOT NULL,
    which     TEXT NOT NULL CHECK(which IN ('best', 'last', 'test', 'test_best')),
    metric_id INTEGER NOT NULL REFERENCES metric_name,
    attempt   INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    ordinal   INTEGER NOT NULL,                           -- order of arrival: 0 is the task's own metric
    value     REAL,
    nonfinite TEXT CHECK(nonfinite IN ('nan', '+inf', '-inf')),
    PRIMARY KEY(run_id, which, metric_id),
    CHECK((value IS NULL) = (nonfinite IS NOT NULL)),
    FOREIGN KEY(run_id, attempt) REFERENCES attempt
) STRICT, WITHOUT ROWID;

-- What the model said of each example (its line in the file), for paired tests and error analysis.
CREATE TABLE prediction(
    run_id  INTEGER NOT NULL REFERENCES run,
    split   TEXT NOT NULL,
    example INTEGER NOT NULL,
    label   REAL,
    output  REAL,
    PRIMARY KEY(run_id, split, example)
) STRICT, WITHOUT ROWID;

-- Subspace similarity phi(A_1, A_2, i, j) of Hu et al. 2021, equation 4. run_a, run_b are run_ids, 0 for a random
-- matrix.
CREATE TABLE phi(
    study TEXT NOT NULL,
    kind  TEXT NOT NULL CHECK(kind IN ('rank', 'seed', 'random')),
    run_a INTEGER NOT NULL,
    run_b INTEGER NOT NULL,
    layer INTEGER NOT NULL,
    proj  TEXT NOT NULL,
    i     INTEGER NOT NULL,
    j     INTEGER NOT NULL,
    phi   REAL,
    PRIMARY KEY(study, kind, layer, proj, run_a, run_b, i, j)
) STRICT, WITHOUT ROWID;

-- ---------------------------------------------------------------- constants

-- The numbers of the paper (Hu et al. 2021), as printed there: value is text and keeps its digits.
CREATE TABLE paper(
    tab    TEXT NOT NULL,                                 -- "T6"
    row    TEXT NOT NULL,
    col    TEXT NOT NULL,
    value  TEXT NOT NULL,
    spread TEXT,
    note   TEXT,
    PRIMARY KEY(tab, row, col)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Two-sided 95 % quantiles of Student's t; between two rows the smaller df is used (wider interval).
CREATE TABLE t95(df INTEGER PRIMARY KEY, value REAL NOT NULL) STRICT;
INSERT INTO t95 VALUES
    (1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (5, 2.570582), (6, 2.446912), (7, 2.364624),
    (8, 2.306004), (9, 2.262157), (10, 2.228139), (11, 2.200985), (12, 2.178813), (13, 2.160369),
    (14, 2.144787), (15, 2.131450), (16, 2.119905), (17, 2.109816), (18, 2.100922), (19, 2.093024),
    (20, 2.085963), (21, 2.079614), (22, 2.073873), (23, 2.068658), (24, 2.063899), (25, 2.059539),
    (26, 2.055529), (27, 2.051831), (28, 2.048407), (29, 2.045230), (30, 2.042272), (40, 2.021075),
    (60, 2.000298), (120, 1.979930), (1000000, 1.959966);

-- ---------------------------------------------------------------- views

-- study: each study with its newest plan and the number it is about ("metric" and "which" of its spec).
-- pick is the kind of dev value that chooses among nuisance values: never a test value.
CREATE VIEW study AS
SELECT sweep_id, plan_id, study, metric, which,
       CASE WHEN which IN ('best', 'test_best') THEN 'best' ELSE 'last' END AS pick
  FROM (SELECT sweep_id, plan_id, name AS study,
               substr(m, instr(m, ' ') + 1) AS metric,
               CASE WHEN instr(m, ' ') > 0 THEN substr(m, 1, instr(m, ' ') - 1)
                    ELSE coalesce(json_extract(spec, '$.which'), 'best') END AS which
          FROM (SELECT *, coalesce(nullif(json_extract(spec, '$.metric'), ''), 'accuracy') AS m FROM sweep));

-- runs: everything about a run on one row. metric is the task's own, best and last are its values on dev.
CREATE VIEW runs AS
SELECT substr(r.run_key, 1, 8) AS key8,
       (SELECT group_concat(name, ' ') FROM (SELECT DISTINCT s.name FROM sweep_run sr
          JOIN plan p ON p.plan_id = sr.plan_id JOIN sweep s ON s.sweep_id = p.sweep_id
         WHERE sr.run_id = r.run_id ORDER BY s.name)) AS study,
       r.state, r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.seed, r.attempts,
       a.trainable,
       (SELECT sum(t.wall_s) FROM attempt t WHERE t.run_id = r.run_id) AS wall_s,
       a.tokens / nullif(a.train_s, 0) AS tokens_per_s,
       a.peak_rss / 1e6 AS peak_rss_mb,
       m.name AS metric, b.value AS best, l.value AS last,
       a.error, r.pooling, r.epochs, r.train_n, r.init, r.top_layers,
       datetime(a.started, 'unixepoch') AS started, datetime(a.ended, 'unixepoch') AS ended,
       r.run_id, r.run_key, r.cell_key, r.config
  FROM run r
  LEFT JOIN attempt a ON a.run_id = r.run_id AND a.attempt = r.attempts
  LEFT JOIN result b ON b.run_id = r.run_id AND b.which = 'best' AND b.ordinal = 0
  LEFT JOIN result l ON l.run_id = r.run_id AND l.which = 'last' AND l.metric_id = b.metric_id
  LEFT JOIN metric_name m ON m.metric_id = b.metric_id;

-- final: the final numbers of each finished run, one row a kind ("best", "last", "test", "test_best") and metric.
CREATE VIEW final AS
SELECT r.run_id, r.run_key, r.cell_key, x.which, m.name AS metric, m.goal, x.value, x.nonfinite, x.step,
       r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.seed, r.pooling, r.epochs, r.train_n,
       r.init, r.top_layers
  FROM result x JOIN run r ON r.run_id = x.run_id JOIN metric_name m ON m.metric_id = x.metric_id
 WHERE r.state = 'done';

-- cells: the seeds of a configuration together. n counts finished runs with a number, n_nan finished runs whose
-- value is no number, n_diverged runs that diverged (they have no value and are in none of the statistics).
-- sd is of the sample; half is half the width of the 95 % t interval of the mean. A cell in which every run
-- diverged has n = 0 and neither metric nor mean. shown is "mean ± half (n)" for tables, in percent where papers
-- print percent.
CREATE VIEW cells AS
WITH v AS (
    SELECT r.cell_key, r.run_id, x.which, x.metric_id, x.value,
           avg(x.value) OVER w AS mean, count(x.value) OVER w AS n, count(*) OVER w AS rows,
           row_number() OVER w AS k
      FROM run r JOIN result x ON x.run_id = r.run_id
     WHERE r.state = 'done'
    WINDOW w AS (PARTITION BY r.cell_key, x.which, x.metric_id ORDER BY x.value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
o AS ( -- windows and no GROUP BY, so that a condition on cell_key or which reaches the index of run
    SELECT *, sum((value - mean) * (value - mean)) OVER p AS squares,
           avg(CASE WHEN k IN ((n + 1) / 2, n / 2 + 1) THEN value END) OVER p AS median,
           sum(CASE WHEN k = n THEN value END) OVER p AS min
      FROM v WINDOW p AS (PARTITION BY cell_key, which, metric_id)),
s AS (
    SELECT cell_key, which, metric_id, run_id, n, rows - n AS n_nan, mean,
           CASE WHEN n > 1 THEN sqrt(squares / (n - 1)) END AS sd, median, min, value AS max
      FROM o WHERE k = 1
    UNION ALL
    SELECT cell_key, NULL, NULL, run_id, 0, 0, NULL, NULL, NULL, NULL, NULL
      FROM run d WHERE state = 'diverged'
       AND NOT EXISTS (SELECT 1 FROM run o WHERE o.cell_key = d.cell_key
                          AND (o.state = 'done' OR (o.state = 'diverged' AND o.run_id < d.run_id)))),
h AS (
    SELECT s.*, m.name AS metric, m.goal, m.percent, s.sd / sqrt(s.n) * t.value AS half,
           (SELECT count(*) FROM run d WHERE d.cell_key = s.cell_key AND d.state = 'diverged') AS n_diverged
      FROM s LEFT JOIN metric_name m ON m.metric_id = s.metric_id
      LEFT JOIN t95 t ON t.df = CASE WHEN s.n <= 31 THEN s.n - 1 WHEN s.n <= 40 THEN 30
                               WHEN s.n <= 60 THEN 40 WHEN s.n <= 120 THEN 60 ELSE 120 END)
SELECT s.cell_key, s.which, s.metric, s.goal, s.n, s.mean, s.sd, s.median, s.min, s.max, s.half, s.n_diverged,
       s.n_nan,
       iif(s.n > 0, printf(iif(s.percent, '%.1f', '%.4f'), s.mean * iif(s.percent, 100, 1))
                    || iif(s.half IS NULL, '', printf(iif(s.percent, ' ± %.1f', ' ± %.4f'),
                                                      s.half * iif(s.percent, 100, 1)))
                    || printf(' (%d)', s.n)
                    || iif(s.n_diverged > 0, printf(', %d diverged', s.n_diverged), ''),
           iif(s.n_diverged > 0, printf('%d diverged (0)', s.n_diverged), NULL)) AS shown,
       r.model, r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.pooling, r.epochs, r.train_n,
       r.init, r.top_layers, s.run_id AS any_run_id
  FROM h AS s JOIN run r ON r.run_id = s.run_id;

-- study_values: the study's own number of each finished run of its newest plan; picking = 1: the kind of dev value
-- that chooses among trials, main = 1: the kind that the study shows.
CREATE VIEW study_values AS
SELECT t.study, t.sweep_id, t.plan_id, sr.point, sr.trial, sr.ordinal, r.cell_key, r.run_id,
       t.metric, m.goal, m.percent, x.which, x.value,
       x.which = t.which AS main, x.which = t.pick AS picking
  FROM study t
  JOIN metric_name m ON m.name = t.metric
  CROSS JOIN sweep_run sr ON sr.plan_id = t.plan_id -- CROSS keeps the order: by study, not by state
  CROSS JOIN run r ON r.run_id = sr.run_id AND r.state = 'done'
  JOIN result x ON x.run_id = r.run_id AND x.metric_id = m.metric_id AND x.which IN (t.which, t.pick);

-- study_trials: statistics of every trial (nuisance values) of every point of a study over its own seeds, as in
-- cells; choice = 1 is the trial with the best mean on dev among those of its point.
CREATE VIEW study_trials AS
WITH v AS (
    SELECT plan_id, cell_key, which, value,
           avg(value) OVER w AS mu, count(value) OVER w AS c, row_number() OVER w AS k
      FROM study_values
    WINDOW w AS (PARTITION BY plan_id, cell_key, which ORDER BY value DESC
                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
s AS (
    SELECT plan_id, cell_key, which, count(value) AS n, count(*) - count(value) AS n_nan, avg(value) AS mean,
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
    SELECT g.*, m.goal, m.percent, coalesce(a.n, 0) AS n, coalesce(a.n_nan, 0) AS n_nan,
           a.mean, a.sd, a.median, a.min, a.max,
           row_number() OVER (PARTITION BY g.plan_id, g.point
                              ORDER BY p.mean IS NULL, iif(m.goal = 'min', p.mean, -p.mean),
                                       g.n_diverged, g.ordinal) = 1 AS choice
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

-- curves: points of every run. Where attempts overlap the newest counts; what an attempt did after the step that
-- a later attempt resumed from was thrown away and is left out.
CREATE VIEW curves AS
SELECT substr(r.run_key, 1, 8) AS key8, c.split, m.name AS metric, c.step, c.value, c.nonfinite,
       r.task, r.method, r.rank, r.targets, r.alpha, r.lr, r.seed, r.run_id, r.run_key, r.cell_key, c.attempt
  FROM metric c JOIN run r ON r.run_id = c.run_id JOIN metric_name m ON m.metric_id = c.metric_id
 WHERE NOT EXISTS (SELECT 1 FROM metric d
                    WHERE d.run_id = c.run_id AND d.attempt > c.attempt AND d.split = c.split
                      AND d.metric_id = c.metric_id AND d.step = c.step)
   AND NOT EXISTS (SELECT 1 FROM attempt a
                    WHERE a.run_id = c.run_id AND a.attempt > c.attempt AND a.resumed_step < c.step);

-- provenance: where and with what each attempt was made.
CREATE VIEW provenance AS
SELECT substr(r.run_key, 1, 8) AS key8, a.attempt, a.outcome, datetime(a.started, 'unixepoch') AS started,
       datetime(a.ended, 'unixepoch') AS ended, a.resumed_step, a.last_step, a.wall_s, a.cpu_s,
       a.peak_rss / 1e6 AS peak_rss_mb, a.exit_code, a.signal, a.error, e.git_commit, e.git_dirty, e.host, e.cpu,
       e.blas_core, e.compiler, a.owner, a.adapter_dir, r.run_id, r.run_key, r.cell_key, e.doc AS env
  FROM attempt a JOIN run r ON r.run_id = a.run_id LEFT JOIN env e ON e.env_id = a.env_id;
