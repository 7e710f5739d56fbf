-- Schema 2: measurements of speed ('lowrank bench'), so that their history can be drawn.

-- One call of 'lowrank bench KIND': what was asked (words and flags), where, when.
CREATE TABLE bench(
    bench_id INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL CHECK(kind <> ''),              -- "gemm", "step", "task", "sweep", "forward", "scale"
    settings TEXT NOT NULL CHECK(json_valid(settings)),
    env_id   INTEGER NOT NULL REFERENCES env,
    started  REAL NOT NULL,
    wall_s   REAL NOT NULL
) STRICT;

-- Its points (ordinal 0, 1, ...): of each some texts that say what was measured, and numbers. place is the order of
-- the names.
CREATE TABLE bench_value(
    bench_id INTEGER NOT NULL REFERENCES bench,
    ordinal  INTEGER NOT NULL,
    name     TEXT NOT NULL,                                -- "method", "ms_median", "tokens_per_s", ...
    place    INTEGER NOT NULL,
    text     TEXT,
    value    REAL,
    PRIMARY KEY(bench_id, ordinal, name),
    CHECK((text IS NULL) <> (value IS NULL))
) STRICT, WITHOUT ROWID;

-- benches: every number of every measurement with what it is of (label: the texts of its point, in order).
CREATE VIEW benches AS
SELECT b.bench_id, b.kind, datetime(b.started, 'unixepoch') AS started, b.wall_s, v.ordinal,
       (SELECT group_concat(text, ' ') FROM (SELECT text FROM bench_value w WHERE w.bench_id = v.bench_id
           AND w.ordinal = v.ordinal AND text IS NOT NULL ORDER BY place)) AS label,
       v.place, v.name, v.value, e.git_commit, e.git_dirty, e.host, e.cpu, e.blas_core, e.compiler,
       CAST(json_extract(e.doc, '$.threads') AS INTEGER) AS threads, b.settings, e.doc AS env
  FROM bench b JOIN bench_value v ON v.bench_id = b.bench_id JOIN env e ON e.env_id = b.env_id
 WHERE v.value IS NOT NULL;
