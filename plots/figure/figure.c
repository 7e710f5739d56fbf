/* figure.c - run the queries of a template and check that they fit it. */
#include "plots/figure/figure.h"
#include "core/base/text.h"
#include "plots/figure/blocks.h"
#include "results/pivot/shows.h"
#include "results/query/footnote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMS = 2 * TEMPLATE_WORDS };

/* All queries of a figure, NULL-terminated. */
static void list_sources(const struct template *t, const struct source *out[TEMPLATE_WORDS + 3])
{
    int n = 0;

    for (int i = 0; i < t->n_data && n < TEMPLATE_WORDS; i++)
        out[n++] = &t->data[i];
    if (t->runs.query)
        out[n++] = &t->runs;
    if (t->text.query)
        out[n++] = &t->text;
    out[n] = NULL;
}

static int unknown_param(const struct template *t, const struct source *const *all,
                         const char *name)
{
    struct text list = { 0 };

    for (; *all; all++)
        for (const char *at = query_find((*all)->query), *p; (p = query_next_param(&at)) != NULL;) {
            int n = (int)(at - p);
            char *word = xprintf("%.*s", n, p), *found = strstr(text_string(&list), word);
            if (!found)
                text_join(&list, ", ", "%s", word);
            free(word);
        }
    int rc = fail(FAIL_USAGE, "figure '%s' does not have a parameter '%s'; it has %s", t->name,
                  name, list.n ? list.s : "none");
    text_free(&list);
    return rc;
}

static int check_params(const struct template *t, const char *const *params)
{
    const struct source *all[TEMPLATE_WORDS + 3];

    list_sources(t, all);
    for (const struct source **q = all; *q; q++)
        if (!query_find((*q)->query))
            return fail(FAIL_INPUT, "figure '%s' needs the query '%s', which does not exist",
                        t->name, (*q)->query);
    for (const char *const *p = params; p && *p; p += 2) {
        bool known = false;
        for (const struct source **q = all; *q; q++)
            known = known || query_takes(query_find((*q)->query), *p);
        if (!known)
            return unknown_param(t, all, *p);
    }
    return 0;
}

/* PARAMS from the command line override those of the template. */
static int read_source(struct rows *r, struct store *s, const struct source *src,
                       const struct scope *of, const char *const *params)
{
    const char *all[MAX_PARAMS + 1], *sql = query_find(src->query);
    int n = 0;

    for (const char *const *p = params; p && *p && n < MAX_PARAMS; p += 2)
        if (query_takes(sql, p[0])) {
            all[n++] = p[0];
            all[n++] = p[1];
        }
    int given = n;
    for (int i = 0; i + 1 < src->params.n && n < MAX_PARAMS; i += 2) {
        bool overridden = false;
        for (int k = 0; k < given; k += 2)
            overridden = overridden || strcmp(all[k], src->params.word[i]) == 0;
        if (!overridden) {
            all[n++] = src->params.word[i];
            all[n++] = src->params.word[i + 1];
        }
    }
    all[n] = NULL;
    char *scoped = scope_sql(of, sql);
    int rc = query_rows(s, r, scoped, all);
    free(scoped);
    return rc;
}

/* All columns must exist, all but the first must be numeric, and the last must contain a number. */
static int check_rows(const struct template *t, const struct source *src, const struct rows *r)
{
    int last = -1;
    bool some = false;

    for (int i = 0; i < src->keys.n + src->cols.n; i++) {
        bool key = i < src->keys.n;
        const char *name = key ? src->keys.word[i] : src->cols.word[i - src->keys.n];
        last = blocks_column(r, name);
        if (last < 0)
            return fail(FAIL_INPUT, "figure '%s': query '%s' does not have a column '%s'", t->name,
                        src->query, name);
        if (i > src->keys.n && !r->numeric[last])
            return fail(FAIL_INPUT, "figure '%s': column '%s' of query '%s' is not numeric",
                        t->name, name, src->query);
    }
    for (int i = 0; i < r->n_rows; i++) {
        const char *cell = blocks_cell(r, i, last);
        some = some || (cell && isfinite(strtod(cell, NULL)));
    }
    return some ? 0
                : fail(FAIL_RUN, "nothing to draw in figure '%s': every value of '%s' is NaN",
                       t->name, src->cols.word[src->cols.n - 1]);
}

/* Runs that are excluded, of the study that the first query is about. */
static char *left_out(const struct template *t, struct store *s, const char *const *params)
{
    const struct source *src = &t->data[0];
    const char *of[3] = { NULL };

    for (const char *const *p = params; p && *p; p += 2)
        if (strcmp(p[0], "study") == 0)
            of[0] = p[0], of[1] = p[1];
    for (int i = 0; i + 1 < src->params.n && !of[0]; i += 2)
        if (strcmp(src->params.word[i], "study") == 0)
            of[0] = src->params.word[i], of[1] = src->params.word[i + 1];
    return footnote_excluded_text(s, footnote_study(query_find(src->query), of));
}

static int figure_no_runs(const struct figure *f)
{
    return fail(FAIL_RUN, "no runs yet for figure '%s': %s", f->t.name, f->t.make);
}

int figure_check(const struct figure *f)
{
    for (int i = 0; i < f->t.n_data; i++)
        if (check_rows(&f->t, &f->t.data[i], &f->rows[i]) != 0)
            return -1;
    return 0;
}

int figure_read_runs(struct figure *f, struct store *s, const char *const *params)
{
    const struct scope all = { 0 };

    return f->t.runs.query ? read_source(&f->runs, s, &f->t.runs, &all, params) : 0;
}

/* The study that the figure is about: the parameter, or that of its first query. */
static char *study_of(const struct template *t, const struct scope *of)
{
    const struct words *w = &t->data[0].params;

    if (of->study)
        return xstrdup(of->study);
    for (int i = 0; i + 1 < w->n; i += 2)
        if (strcmp(w->word[i], "study") == 0)
            return xstrdup(w->word[i + 1]);
    const char *study = footnote_study(query_find(t->data[0].query), NULL);
    return study ? xstrdup(study) : NULL;
}

static int check_cells(const struct figure *f, struct store *s, const struct scope *of)
{
    char *study = study_of(&f->t, of), *what = xprintf("figure '%s'", f->t.name);
    struct scope o = *of;

    o.study = study;
    int rc = shows_check(s, &o, f->t.header, what);
    free(what);
    free(study);
    return rc;
}

static int read_all(struct figure *f, struct store *s, const struct scope *of,
                    const char *const *params)
{
    const struct template *t = &f->t;

    if (check_params(t, params) != 0 || check_cells(f, s, of) != 0)
        return -1;
    if (t->runs.query && read_source(&f->runs, s, &t->runs, of, params) != 0)
        return fail_context("figure '%s', query '%s'", t->name, t->runs.query);
    f->rows = xalloc((size_t)t->n_data, sizeof *f->rows);
    for (int i = 0; i < t->n_data; i++) {
        if (read_source(&f->rows[i], s, &t->data[i], of, params) != 0)
            return fail_context("figure '%s', query '%s'", t->name, t->data[i].query);
        if (f->rows[i].n_rows == 0 && footnote_empty(s, query_find(t->data[i].query), params) != 0)
            return fail_context("figure '%s'", t->name);
        if (f->rows[i].n_rows == 0 && f->runs.n_rows > 0)
            return fail(FAIL_RUN,
                        "nothing to draw in figure '%s': none of its %d runs gave a number",
                        t->name, f->runs.n_rows);
        if (f->rows[i].n_rows == 0)
            return figure_no_runs(f);
    }
    if (figure_check(f) != 0)
        return -1;
    if (t->text.query && read_source(&f->text, s, &t->text, of, params) != 0)
        return fail_context("figure '%s', query '%s'", t->name, t->text.query);
    f->left_out = left_out(t, s, params);
    return 0;
}

/* All queries of the figure, one after the other: scope_take asks whether a word is a parameter of
 * any. */
static char *all_queries(const struct template *t)
{
    const struct source *all[TEMPLATE_WORDS + 3];
    struct text sql = { 0 };

    list_sources(t, all);
    for (const struct source **q = all; *q; q++)
        text_add(&sql, "%s\n", query_find((*q)->query) ? query_find((*q)->query) : "");
    return text_take(&sql);
}

int figure_read(struct figure *f, struct store *s, const char *const *params)
{
    const char *rest[MAX_PARAMS + 1] = { 0 };
    struct scope of = { 0 };
    char *sql = all_queries(&f->t);
    int rc = scope_take(&of, rest, s, sql, params);

    if (rc == 0)
        rc = read_all(f, s, &of, rest);
    free(sql);
    return rc;
}

void figure_free(struct figure *f)
{
    for (int i = 0; f->rows && i < f->t.n_data; i++)
        rows_free(&f->rows[i]);
    free(f->rows);
    rows_free(&f->runs);
    rows_free(&f->text);
    free(f->set);
    free(f->left_out);
    template_free(&f->t);
    *f = (struct figure){ 0 };
}
