-- Schema 16: texts that runs generate after training, and the metrics of their scores.

-- How a run generated the texts of a split. What is stored is used again by an interrupted run if nothing here differs.
CREATE TABLE generation(
    run_id     INTEGER NOT NULL REFERENCES run,
    split      TEXT NOT NULL,                    -- the reported one: "dev" or "test"
    step       INTEGER NOT NULL,                 -- of the chosen evaluation, whose parameters generated
    parameters TEXT NOT NULL,                    -- SHA-256 of the values of the trainable parameters
    settings   TEXT NOT NULL,                    -- of the search, with the end tokens, in words
    PRIMARY KEY(run_id, split)
) STRICT, WITHOUT ROWID;

-- A generated text: what the model wrote for one input.
CREATE TABLE generated(
    run_id   INTEGER NOT NULL REFERENCES run,
    split    TEXT NOT NULL,
    input    INTEGER NOT NULL,                   -- the row of the data file with its first reference, from 1
    rows     TEXT NOT NULL CHECK(json_valid(rows)), -- the rows with its references, a JSON array
    prompt   TEXT NOT NULL,                      -- as the tokenizer writes the tokens that the model read
    text     TEXT NOT NULL,                      -- without special tokens and white space at its ends
    tokens   INTEGER NOT NULL,                   -- that were generated, the end token included
    score    REAL,                               -- log-probability of the tokens over the length penalty
    finished INTEGER NOT NULL,                   -- 1: it has an end token; 0: it was cut
    PRIMARY KEY(run_id, split, input)
) STRICT, WITHOUT ROWID;

-- generations: every generated text with what is known of its run.
CREATE VIEW generations AS
SELECT substr(r.run_key, 1, 8) AS key8, x.split, x.input, x.rows, x.prompt, x.text, x.tokens, x.score, x.finished,
       g.step, g.settings, r.seed, r.run_id, r.run_key, r.cell_key, c.*
  FROM generated x JOIN generation g ON g.run_id = x.run_id AND g.split = x.split
  JOIN run r ON r.run_id = x.run_id LEFT JOIN cell c ON c.cell_id = r.cell_id;

-- Those of WebNLG, DART, and sacrebleu are in percent themselves where their scripts print that.
INSERT INTO metric_name(name, goal, percent) VALUES
    ('bleu', 'max', 1), ('nist', 'max', 0), ('meteor', 'max', 1), ('meteor_partial', 'max', 1), ('rouge_l', 'max', 1),
    ('cider', 'max', 0), ('sentbleu', 'max', 1), ('webnlg_bleu', 'max', 0), ('webnlg_meteor', 'max', 0),
    ('webnlg_meteor_partial', 'max', 0), ('webnlg_ter', 'min', 0), ('dart_bleu', 'max', 0), ('dart_meteor', 'max', 0),
    ('dart_meteor_partial', 'max', 0), ('dart_ter', 'min', 0), ('sacre_bleu', 'max', 0), ('sacre_bleu_none', 'max', 0),
    ('sacre_chrf', 'max', 0), ('sacre_ter', 'min', 0), ('sacre_ter_norm', 'min', 0), ('rouge1', 'max', 1),
    ('rouge2', 'max', 1), ('rougel', 'max', 1), ('rouge1_stem', 'max', 1), ('rouge2_stem', 'max', 1),
    ('rougel_stem', 'max', 1), ('logical_form', 'max', 1), ('exact_match', 'max', 1)
    ON CONFLICT(name) DO UPDATE SET goal = excluded.goal, percent = excluded.percent;
