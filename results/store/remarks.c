/* remarks.c - notes, tags, runs that do not count, names of studies. */
#include "results/store/remarks.h"
#include "results/store/db.h"

#define RUNS_OF " FROM run r WHERE r.run_key IN (SELECT value FROM json_each(?1))"

/* One statement in a transaction of its own. Returns how many rows it changed, or -1. */
static long change(struct store *s, const char *sql, const char *a, const char *b)
{
    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s, sql, "ttd", a, b, now_wall());
    return db_end(s, n >= 0) == 0 ? n : -1;
}

long remarks_note(struct store *s, const struct remarked *on, const char *text)
{
    static const char on_runs[] =
        "INSERT INTO note(run_id, text, at) SELECT r.run_id, ?2, ?3" RUNS_OF;
    static const char on_study[] = "INSERT INTO note(sweep_id, text, at)"
                                   " SELECT sweep_id, ?2, ?3 FROM sweep WHERE name = ?1";

    return change(s, on->study ? on_study : on_runs, on->study ? on->study : on->keys, text);
}

long remarks_note_remove(struct store *s, long number)
{
    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s, "DELETE FROM note WHERE note_id = ?", "i", (int64_t)number);
    return db_end(s, n >= 0) == 0 ? n : -1;
}

long remarks_tag(struct store *s, const struct remarked *on, const char *tag, bool take_away)
{
    static const char add_runs[] =
        "INSERT OR IGNORE INTO tag(tag, run_id, at) SELECT ?2, r.run_id, ?3" RUNS_OF;
    static const char add_study[] = "INSERT OR IGNORE INTO tag(tag, sweep_id, at)"
                                    " SELECT ?2, sweep_id, ?3 FROM sweep WHERE name = ?1";
    static const char drop_runs[] =
        "DELETE FROM tag WHERE tag = ?2 AND ?3 > 0 AND run_id IN (SELECT r.run_id" RUNS_OF ")";
    static const char drop_study[] = "DELETE FROM tag WHERE tag = ?2 AND ?3 > 0"
                                     " AND sweep_id = (SELECT sweep_id FROM sweep WHERE name = ?1)";
    const char *sql =
        on->study ? (take_away ? drop_study : add_study) : (take_away ? drop_runs : add_runs);

    return change(s, sql, on->study ? on->study : on->keys, tag);
}

long remarks_exclude(struct store *s, const struct remarked *on, const char *reason)
{
    static const char put[] =
        "INSERT INTO exclusion(run_id, was, reason, at) SELECT r.run_id,"
        " iif(r.state = 'excluded', (SELECT was FROM exclusion x WHERE x.run_id = r.run_id),"
        " r.state), ?2, ?3" RUNS_OF " AND r.state IN ('done', 'diverged', 'failed', 'excluded')"
        " AND (EXISTS (SELECT 1 FROM sweep_run p WHERE p.run_id = r.run_id)"
        " OR NOT EXISTS (SELECT 1 FROM tuning t WHERE t.run_id = r.run_id))"
        " ON CONFLICT(run_id) DO UPDATE SET reason = excluded.reason, at = excluded.at";
    static const char set[] = "UPDATE run SET state = 'excluded' WHERE state <> 'excluded'"
                              " AND run_id IN (SELECT run_id FROM exclusion)";

    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s, put, "ttd", on->keys, reason, now_wall());
    return db_end(s, n >= 0 && db_exec(s, set, "") >= 0) == 0 ? n : -1;
}

long remarks_include(struct store *s, const struct remarked *on)
{
    static const char set[] =
        "UPDATE run SET state = (SELECT was FROM exclusion x WHERE x.run_id = run.run_id)"
        " WHERE state = 'excluded' AND run_key IN (SELECT value FROM json_each(?1))";
    static const char drop[] = "DELETE FROM exclusion WHERE run_id IN (SELECT r.run_id" RUNS_OF ")";

    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s, set, "t", on->keys);
    return db_end(s, n >= 0 && db_exec(s, drop, "t", on->keys) >= 0) == 0 ? n : -1;
}

long remarks_archive(struct store *s, const char *name, bool take_back)
{
    static const char away[] = "UPDATE sweep SET archived = ?3 WHERE name = ?1 AND ?2 IS NULL"
                               " AND archived IS NULL";
    static const char back[] = "UPDATE sweep SET archived = NULL WHERE name = ?1 AND ?2 IS NULL"
                               " AND ?3 > 0 AND archived IS NOT NULL";

    return change(s, take_back ? back : away, name, NULL);
}

long remarks_rename(struct store *s, const char *name, const char *to)
{
    if (db_begin(s) != 0)
        return -1;
    long n = db_exec(s, "UPDATE sweep SET name = ?2 WHERE name = ?1", "tt", name, to);
    bool ok = n >= 0 &&
              db_exec(s, "UPDATE analysed SET study = ?2 WHERE study = ?1", "tt", name, to) >= 0;
    return db_end(s, ok) == 0 ? n : -1;
}
