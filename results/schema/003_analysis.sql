-- Schema 3: numbers that a computed study ('lowrank ablate NAME') finds in finished runs.

-- One number a row. WITHOUT ROWID: the rows of one kind of one study lie together.
CREATE TABLE analysis(
    study TEXT NOT NULL CHECK(study <> ''),    -- the study whose runs were analysed, and options other than usual
    kind  TEXT NOT NULL CHECK(kind <> ''),     -- which analysis: "amplify", "weights", "effective_rank", ...
    run_a INTEGER NOT NULL,                    -- the run it is of (run_id); 0: of no run (the frozen model, chance)
    run_b INTEGER NOT NULL,                    -- the run it is compared with; 0: with none
    layer INTEGER NOT NULL,                    -- from 0; -1: of no layer
    proj  TEXT NOT NULL,                       -- the matrix: "q", "k", "v", "o", "up", "down"; '': of none
    i     INTEGER NOT NULL,                    -- directions on the first side, from 1; 0 where nothing is counted
    j     INTEGER NOT NULL,                    -- directions on the second side, from 1; 0 where nothing is counted
    name  TEXT NOT NULL CHECK(name <> ''),     -- which number: "norm_dw", "factor", "phi", ...
    value REAL,                                -- NULL: not defined here (a quotient with 0 below)
    PRIMARY KEY(study, kind, run_a, run_b, layer, proj, i, j, name)
) STRICT, WITHOUT ROWID;

-- analyses: every number with what is known of its run. What ends in _b is of run_b; layer counts from 1 here.
CREATE VIEW analyses AS
SELECT x.study, x.kind, x.layer + 1 AS layer, x.proj, x.i, x.j, x.name, x.value,
       substr(a.run_key, 1, 8) AS key8, a.model, a.task, a.method, a.rank, a.targets, a.seed,
       substr(b.run_key, 1, 8) AS key8_b, b.task AS task_b, b.method AS method_b, b.rank AS rank_b,
       b.targets AS targets_b, b.seed AS seed_b, x.run_a, x.run_b, a.cell_key, b.cell_key AS cell_key_b
  FROM analysis x LEFT JOIN run a ON a.run_id = x.run_a LEFT JOIN run b ON b.run_id = x.run_b;
