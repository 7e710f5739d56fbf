/* looks.c - which verdicts were looked at, and when. */
#include "results/store/looks.h"
#include "results/store/db.h"

int looks_put(struct store *s, const struct look *look, int n)
{
    if (db_begin(s) != 0)
        return -1;
    bool ok = true;
    for (const struct look *k = look; k < look + n && ok; k++) {
        CHECK(k->p >= 0 && k->p <= 1, "p = %g of claim '%s'", k->p, k->claim);
        ok = db_exec(s,
                     "INSERT INTO look(claim, test, model, task, plan_id, units, p, inside, at)"
                     " VALUES(?,?,?,?,?,?,?,?,?)"
                     " ON CONFLICT DO UPDATE SET"
                     " p = iif(inside = excluded.inside, max(p, excluded.p), 1)",
                     "ttttiidid", k->claim, k->test, k->model, k->task, k->plan, (int64_t)k->units,
                     k->p, (int64_t)k->inside, now_wall()) >= 0;
    }
    return db_end(s, ok);
}
