/* analyses.c - the numbers of analyses. */
#include "results/store/analyses.h"
#include "results/store/db.h"

#include <math.h>

/* The id of SET, which becomes the newest of its study and kind; -1 after fail(). */
static int64_t put_set(struct store *s, const struct analysis_set *set)
{
    int64_t id = -1;

    if (db_exec(s,
                "INSERT INTO analysed(study, kind, settings, at) VALUES(?,?,?,?)"
                " ON CONFLICT(study, kind, settings) DO UPDATE SET at = excluded.at",
                "tttd", set->study, set->kind, set->settings, now_wall()) < 0 ||
        db_number(s, &id,
                  "SELECT set_id FROM analysed WHERE study = ? AND kind = ? AND settings = ?",
                  "ttt", set->study, set->kind, set->settings) < 0)
        return -1;
    return id;
}

int analyses_put(struct store *s, const struct analysis_set *set, const struct analysis_row *rows,
                 size_t n)
{
    if (db_begin(s) != 0)
        return -1;
    int64_t id = put_set(s, set);
    bool ok = id >= 0;
    for (size_t i = 0; i < n && ok; i++) {
        const struct analysis_row *r = &rows[i];
        CHECK(!isinf(r->value), "'%s' of layer %d %s", r->name, r->layer, r->proj);
        ok = db_exec(s,
                     "INSERT OR REPLACE INTO analysis_value(set_id, run_a, run_b, layer, proj, i,"
                     " j, name, value) VALUES(?,?,?,?,?,?,?,?,?)",
                     "iiiitiitd", id, r->run_a, r->run_b, (int64_t)r->layer, r->proj, (int64_t)r->i,
                     (int64_t)r->j, r->name, r->value) >= 0;
    }
    return db_end(s, ok);
}
