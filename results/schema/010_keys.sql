-- Schema 10: every recipe key is a column of the views, and tables of many runs are fast.

-- The recipe of a cell (a run without its seed), one column for each key; a list is written as "q,v". When a run with
-- another key is planned, the key becomes a column (store/cells.c), and the views, which select cell.*, have it at once.
-- cell_id is the run_id of the first run of the cell; apart is as in run.
CREATE TABLE cell(
    cell_id    INTEGER PRIMARY KEY,
    apart      INTEGER NOT NULL,
    model      TEXT,
    task       TEXT,
    method     TEXT,
    rank       INTEGER,
    targets    TEXT,
    alpha      REAL,
    lr         REAL,
    pooling    TEXT,
    epochs     INTEGER,
    train_n    INTEGER,
    init       TEXT,
    top_layers INTEGER
) STRICT;
ALTER TABLE run ADD COLUMN cell_id INTEGER;
UPDATE run SET cell_id = f.first FROM (SELECT cell_key, min(run_id) AS first FROM run GROUP BY cell_key) f
 WHERE f.cell_key = run.cell_key;

-- cell_recipe: the same columns, read from the recipe of each run; store/cells.c rewrites it with more keys.
CREATE VIEW cell_recipe AS
SELECT run_id AS cell_id, apart,
       CAST(iif(json_type(config, '$.model') = 'array', trim(replace(config ->> 'model', '"', ''), '[]'), config ->> 'model') AS TEXT) AS model,
       CAST(iif(json_type(config, '$.task') = 'array', trim(replace(config ->> 'task', '"', ''), '[]'), config ->> 'task') AS TEXT) AS task,
       CAST(iif(json_type(config, '$.method') = 'array', trim(replace(config ->> 'method', '"', ''), '[]'), config ->> 'method') AS TEXT) AS method,
       CAST(iif(json_type(config, '$.rank') = 'array', trim(replace(config ->> 'rank', '"', ''), '[]'), config ->> 'rank') AS INTEGER) AS rank,
       CAST(iif(json_type(config, '$.targets') = 'array', trim(replace(config ->> 'targets', '"', ''), '[]'), config ->> 'targets') AS TEXT) AS targets,
       CAST(iif(json_type(config, '$.alpha') = 'array', trim(replace(config ->> 'alpha', '"', ''), '[]'), config ->> 'alpha') AS REAL) AS alpha,
       CAST(iif(json_type(config, '$.lr') = 'array', trim(replace(config ->> 'lr', '"', ''), '[]'), config ->> 'lr') AS REAL) AS lr,
       CAST(iif(json_type(config, '$.pooling') = 'array', trim(replace(config ->> 'pooling', '"', ''), '[]'), config ->> 'pooling') AS TEXT) AS pooling,
       CAST(iif(json_type(config, '$.epochs') = 'array', trim(replace(config ->> 'epochs', '"', ''), '[]'), config ->> 'epochs') AS INTEGER) AS epochs,
       CAST(iif(json_type(config, '$.train_n') = 'array', trim(replace(config ->> 'train_n', '"', ''), '[]'), config ->> 'train_n') AS INTEGER) AS train_n,
       CAST(iif(json_type(config, '$.init') = 'array', trim(replace(config ->> 'init', '"', ''), '[]'), config ->> 'init') AS TEXT) AS init,
       CAST(iif(json_type(config, '$.top_layers') = 'array', trim(replace(config ->> 'top_layers', '"', ''), '[]'), config ->> 'top_layers') AS INTEGER) AS top_layers
  FROM run;
CREATE TRIGGER run_has_cell AFTER INSERT ON run BEGIN
    UPDATE run SET cell_id = coalesce((SELECT cell_id FROM run WHERE cell_key = NEW.cell_key AND cell_id IS NOT NULL LIMIT 1),
                                      NEW.run_id)
     WHERE run_id = NEW.run_id;
    INSERT OR REPLACE INTO cell SELECT c.* FROM cell_recipe c JOIN run r ON r.run_id = c.cell_id AND r.cell_id = r.run_id
     WHERE c.cell_id = NEW.run_id;
END;
INSERT INTO cell SELECT c.* FROM cell_recipe c JOIN run r ON r.run_id = c.cell_id AND r.cell_id = r.run_id;

-- Who reads many runs needs no more of each than this, and finds it here without the recipes.
CREATE INDEX run_brief ON run(run_id, state, cell_id, seed);
