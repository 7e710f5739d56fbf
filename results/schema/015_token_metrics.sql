-- Schema 15: the metrics of generation tasks.
INSERT INTO metric_name(name, goal, percent) VALUES ('token_loss', 'min', 0), ('token_accuracy', 'max', 1)
    ON CONFLICT(name) DO UPDATE SET goal = excluded.goal, percent = excluded.percent;
