-- Schema 7: looks at verdicts. Who adds runs until a claim holds has to pay for every look, so every look is kept.

-- A verdict that was shown, at one number of units. Looks with the same claim, test, model, task and plan belong
-- together and share the claim's level. Looks before this schema were not recorded.
CREATE TABLE look(
    claim   TEXT NOT NULL,
    test    TEXT NOT NULL,                       -- fingerprint of the test: a claim that is changed starts anew
    model   TEXT NOT NULL,
    task    TEXT NOT NULL,
    plan_id INTEGER NOT NULL,                    -- of the claim's study; 0: it has none
    units   INTEGER NOT NULL CHECK(units > 0),   -- seeds, pairs of adapters, rounds
    p       REAL NOT NULL CHECK(p BETWEEN 0 AND 1), -- before any correction
    inside  INTEGER NOT NULL CHECK(inside IN (0, 1)), -- 1: the mean lay where the claim wants it
    at      REAL NOT NULL,                       -- of the first look at this number of units, seconds since 1970
    PRIMARY KEY(claim, test, model, task, plan_id, units)
) STRICT, WITHOUT ROWID;
INSERT INTO meta(key, value) VALUES('looks_from', CAST(unixepoch() AS TEXT));
