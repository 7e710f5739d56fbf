/* generations.c - texts that a run generates after training. */
#include "results/store/generations.h"
#include "results/store/db.h"

#include <math.h>

static bool begin_rows(struct store *s, const struct lease *l, const struct generation *g)
{
    int64_t same = 0;

    if (db_number(s, &same,
                  "SELECT 1 FROM generation WHERE run_id = ? AND split = ? AND step = ?"
                  " AND parameters = ? AND settings = ?",
                  "ititt", l->run_id, g->split, (int64_t)g->step, g->parameters, g->settings) < 0)
        return false;
    return same == 1 ||
           (db_exec(s, "DELETE FROM generated WHERE run_id = ? AND split = ?", "it", l->run_id,
                    g->split) >= 0 &&
            db_exec(s,
                    "INSERT OR REPLACE INTO generation(run_id, split, step, parameters, settings)"
                    " VALUES(?,?,?,?,?)",
                    "ititt", l->run_id, g->split, (int64_t)g->step, g->parameters,
                    g->settings) >= 0);
}

static bool add_row(struct store *s, const struct lease *l, const char *split,
                    const struct generated *x)
{
    return db_exec(s,
                   "INSERT OR REPLACE INTO generated(run_id, split, input, rows, prompt, text,"
                   " tokens, score, finished) VALUES(?,?,?,?,?,?,?,?,?)",
                   "ititttidi", l->run_id, split, (int64_t)x->input, x->rows, x->prompt, x->text,
                   (int64_t)x->tokens, isfinite(x->score) ? x->score : NAN,
                   (int64_t)x->finished) >= 0;
}

int generations_begin(struct store *s, const struct lease *l, const struct generation *g)
{
    if (db_begin(s) != 0)
        return -1;
    int held = lease_held(s, l->run_id, l->attempt, l->owner);
    return db_end(s, held == 0 || (held == 1 && begin_rows(s, l, g))) == 0 ? held : -1;
}

int generations_add(struct store *s, const struct lease *l, const char *split,
                    const struct generated *x, int n)
{
    if (db_begin(s) != 0)
        return -1;
    int held = lease_held(s, l->run_id, l->attempt, l->owner);
    bool ok = held >= 0;
    for (int i = 0; i < n && ok && held == 1; i++)
        ok = add_row(s, l, split, &x[i]);
    return db_end(s, ok) == 0 ? held : -1;
}
