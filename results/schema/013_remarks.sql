-- Schema 13: what people say of runs and studies: notes, tags, runs that do not count, studies that are put away.
-- Nothing of it is part of the key of a run.

-- A finished run that does not count has the state 'excluded', so that whatever reads runs that are done leaves it out.
-- The state 'cancelled', which nothing ever gave to a run, makes room for it. Only the text of the constraint changes,
-- as https://sqlite.org/lang_altertable.html describes under "Making Other Kinds Of Table Schema Changes".
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''cancelled''', '''excluded''') WHERE type = 'table' AND name = 'run';
PRAGMA writable_schema = RESET;

-- A run that was excluded: why, and the state that it has again when it is included.
CREATE TABLE exclusion(
    run_id INTEGER PRIMARY KEY REFERENCES run,
    was    TEXT NOT NULL CHECK(was IN ('done', 'diverged', 'failed')),
    reason TEXT NOT NULL CHECK(reason <> ''),
    at     REAL NOT NULL                          -- seconds since 1970
) STRICT;

-- A note on a run or on a study.
CREATE TABLE note(
    note_id  INTEGER PRIMARY KEY,
    run_id   INTEGER REFERENCES run,              -- NULL: it is on a study
    sweep_id INTEGER REFERENCES sweep,            -- NULL: it is on a run
    text     TEXT NOT NULL CHECK(text <> ''),
    at       REAL NOT NULL,                       -- seconds since 1970
    CHECK((run_id IS NULL) <> (sweep_id IS NULL))
) STRICT;
CREATE INDEX note_run ON note(run_id);
CREATE INDEX note_sweep ON note(sweep_id);

-- A tag of a run or of a study: a word.
CREATE TABLE tag(
    tag      TEXT NOT NULL CHECK(tag <> ''),
    run_id   INTEGER REFERENCES run,              -- NULL: it is on a study
    sweep_id INTEGER REFERENCES sweep,            -- NULL: it is on a run
    at       REAL NOT NULL,                       -- seconds since 1970
    CHECK((run_id IS NULL) <> (sweep_id IS NULL)),
    UNIQUE(run_id, tag),
    UNIQUE(sweep_id, tag)
) STRICT;

-- When a study was put away, seconds since 1970; NULL: it is not. Lists, 'status' and the report leave it out.
ALTER TABLE sweep ADD COLUMN archived REAL;

-- Single runs ('lowrank run') belong to one plan of the study "run", whatever they differ in, and are found again.
INSERT OR IGNORE INTO plan(sweep_id, base, planned)
SELECT sweep_id, '', max(planned) FROM plan WHERE sweep_id = (SELECT sweep_id FROM sweep WHERE name = 'run')
 GROUP BY sweep_id;
INSERT OR IGNORE INTO sweep_run(plan_id, run_id, point, trial, ordinal)
SELECT n.plan_id, sr.run_id, min(sr.point), '{}', sr.run_id
  FROM sweep w JOIN plan n ON n.sweep_id = w.sweep_id AND n.base = ''
  JOIN plan p ON p.sweep_id = w.sweep_id JOIN sweep_run sr ON sr.plan_id = p.plan_id
 WHERE w.name = 'run' GROUP BY n.plan_id, sr.run_id;
DELETE FROM sweep_run WHERE plan_id IN
    (SELECT p.plan_id FROM plan p JOIN sweep w ON w.sweep_id = p.sweep_id WHERE w.name = 'run' AND p.base <> '');
DELETE FROM plan WHERE base <> '' AND sweep_id = (SELECT sweep_id FROM sweep WHERE name = 'run');
UPDATE sweep SET plan_id = (SELECT plan_id FROM plan p WHERE p.sweep_id = sweep.sweep_id) WHERE name = 'run';

-- excluded: one row a run that does not count, with the studies whose newest plan has it.
CREATE VIEW excluded AS
SELECT substr(r.run_key, 1, 8) AS key8, x.reason, x.was, datetime(x.at, 'unixepoch') AS excluded,
       (SELECT group_concat(name, ' ') FROM (SELECT w.name FROM sweep w JOIN sweep_run sr ON sr.plan_id = w.plan_id
         WHERE sr.run_id = r.run_id ORDER BY w.name)) AS study,
       r.model, r.task, r.method, r.rank, r.targets, r.lr, r.seed, r.run_id, r.run_key, r.cell_key
  FROM exclusion x JOIN run r ON r.run_id = x.run_id;

-- notes: one row a note; what it is on: the beginning of the key of a run, or the name of a study.
CREATE VIEW notes AS
SELECT iif(n.run_id IS NULL, 'study', 'run') AS kind, coalesce(w.name, substr(r.run_key, 1, 8)) AS "on", n.text,
       datetime(n.at, 'unixepoch') AS written, n.run_id, n.sweep_id, n.note_id
  FROM note n LEFT JOIN run r ON r.run_id = n.run_id LEFT JOIN sweep w ON w.sweep_id = n.sweep_id;

-- tags: one row a tag of a run or of a study, named as in notes.
CREATE VIEW tags AS
SELECT t.tag, iif(t.run_id IS NULL, 'study', 'run') AS kind, coalesce(w.name, substr(r.run_key, 1, 8)) AS "on",
       datetime(t.at, 'unixepoch') AS tagged, t.run_id, t.sweep_id
  FROM tag t LEFT JOIN run r ON r.run_id = t.run_id LEFT JOIN sweep w ON w.sweep_id = t.sweep_id;

-- analysis: as before, and without the numbers of runs that are excluded.
DROP VIEW analysis;
CREATE VIEW analysis AS
SELECT s.study, s.kind, s.settings, s.newest, v.run_a, v.run_b, v.layer + 1 AS layer, v.proj, v.i, v.j, v.name, v.value
  FROM (SELECT a.*, first_value(settings) OVER (PARTITION BY study, kind ORDER BY at DESC, set_id DESC) AS newest,
               (SELECT plan_id FROM sweep w WHERE w.name = a.study) AS plan_id
          FROM analysed a) s
  CROSS JOIN analysis_value v ON v.set_id = s.set_id
 WHERE (v.run_a = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_a))
   AND (v.run_a = 0 OR v.run_b = 0 OR EXISTS (SELECT 1 FROM sweep_run p WHERE p.plan_id = s.plan_id AND p.run_id = v.run_b))
   AND NOT EXISTS (SELECT 1 FROM exclusion x WHERE x.run_id IN (v.run_a, iif(v.run_a > 0, v.run_b, 0)));
