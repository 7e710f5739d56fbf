-- Schema 17: the metric of pretraining.
INSERT INTO metric_name(name, goal, percent) VALUES ('bits_per_byte', 'min', 0)
    ON CONFLICT(name) DO UPDATE SET goal = excluded.goal, percent = excluded.percent;
