/* shows.c - the lines "shows" and "kind" of a query or template, held against the cells. */
#include "results/pivot/shows.h"

#include <stdlib.h>
#include <string.h>

/* What follows "MARK NAME:" on a line of the header, which ends with the first line that does not
 * begin with MARK; NULL for none. The caller frees it. */
static char *line_of(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *s = text; *s == '-' || *s == '#'; s += strcspn(s, "\n"), s += *s == '\n') {
        const char *at = s + strspn(s, "-# ");
        if (strncmp(at, name, n) == 0 && at[n] == ':')
            return xprintf("%.*s", (int)strcspn(at + n + 1, "\n"), at + n + 1);
    }
    return NULL;
}

static int check(struct store *s, const struct scope *o, char *keys, const char *what)
{
    struct pivot p;
    struct pivot_keys k = { 0 };
    const struct pivot_ask ask = { 0 };
    int rc = pivot_read(&p, s, o, &ask, false);

    if (rc != 0 && fail_code() != FAIL_STORE && fail_code() != FAIL_STOPPED)
        rc = 1; /* the query itself says what is wrong, or that there is nothing */
    for (char *save = NULL, *w = rc == 0 ? strtok_r(keys, " ,", &save) : NULL; w;
         w = strtok_r(NULL, " ,", &save))
        if (pivot_is_key(&p, w))
            pivot_add(&k, w);
    if (rc == 0)
        rc = pivot_mixed(&p, &k, what);
    pivot_free(&p);
    return rc > 0 ? 0 : rc;
}

int shows_check(struct store *s, const struct scope *o, const char *header, const char *what)
{
    char *keys = line_of(header, "shows"), *kind = line_of(header, "kind");
    struct scope of = *o;
    char *where = NULL;
    int rc = 0;

    if (kind && o->study)
        of.where = where =
            xprintf("cell_id IN (SELECT cell_id FROM main.run WHERE run_id IN (SELECT run_a FROM"
                    " main.analysis WHERE study = '%s' AND kind = '%s'))%s%s%s",
                    o->study, kind + strspn(kind, " "), o->where ? " AND (" : "",
                    o->where ? o->where : "", o->where ? ")" : "");
    if (keys && o->study && strcmp(keys + strspn(keys, " "), "all") != 0)
        rc = check(s, &of, keys, what);
    free(where);
    free(kind);
    free(keys);
    return rc;
}
