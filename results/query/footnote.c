/* footnote.c - what a reader of a table has to know beside its numbers. */
#include "results/query/footnote.h"
#include "core/base/text.h"
#include "results/query/query.h"
#include "results/query/recorded.h"

#include <stdlib.h>
#include <string.h>

int footnote_excluded(struct rows *r, struct store *s, const char *study)
{
    const char *const params[] = { "study", study, NULL };
    struct rows found;

    if (query_named(s, &found, "cmd_excluded", params) != 0)
        return -1;
    for (int i = 0; i < found.n_rows; i++)
        rows_note(r, "left out: %s (%s)", rows_get(&found, i, "runs"),
                  rows_get(&found, i, "reason"));
    rows_free(&found);
    return 0;
}

char *footnote_excluded_text(struct store *s, const char *study)
{
    struct rows r = { 0 };
    struct text t = { 0 };

    if (footnote_excluded(&r, s, study) == 0)
        for (int i = 0; i < r.n_notes; i++)
            text_join(&t, "; ", "%s", r.note[i]);
    rows_free(&r);
    char *text = xstrdup(text_string(&t));
    text_free(&t);
    return text;
}

bool footnote_concerns(const char *sql)
{
    static const char *const views[] = { "study_", "cells",    "final",    "optimism",
                                         "phi",    "analysis", "analyses", NULL };

    for (int i = 0; views[i]; i++)
        if (strstr(sql, views[i]))
            return true;
    return false;
}

const char *footnote_study(const char *sql, const char *const *params)
{
    static const char mark[] = "coalesce(:study, '";
    static char name[8][64];
    static int next;
    const char *at = strstr(sql, mark);

    for (; params && params[0]; params += 2)
        if (strcmp(params[0], "study") == 0)
            return params[1];
    if (!at)
        return NULL;
    at += sizeof mark - 1;
    char *out = name[next++ % 8];
    snprintf(out, sizeof name[0], "%.*s", (int)strcspn(at, "'"), at);
    return out;
}

int footnote_empty(struct store *s, const char *sql, const char *const *params)
{
    const char *only[3] = { NULL };
    struct text words = { 0 };
    struct rows r;
    int rc = 0;

    for (; params && params[0]; params += 2)
        if (strcmp(params[0], "study") == 0)
            only[0] = params[0], only[1] = params[1];
        else if (query_takes(sql, params[0]))
            text_join(&words, " ", "%s=%s", params[0], params[1]);
    if (only[1])
        rc = recorded_check_stored(s, only[1]);
    if (rc == 0 && words.n && query_rows(s, &r, sql, only) == 0) {
        if (r.n_rows > 0)
            rc = fail(FAIL_RUN, "nothing matches %s", words.s);
        rows_free(&r);
    }
    text_free(&words);
    return rc;
}
