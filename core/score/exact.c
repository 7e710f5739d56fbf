/* exact.c - the share of hypotheses that are right as they are: equal to a reference, or the same
 * query. */
#include "core/base/text.h"
#include "core/score/score.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* 1 for each segment in which FORM gives the hypothesis and a reference the same string. */
static int measure(struct score_job *job, char *(*form)(const char *), double *stats,
                   double *segment)
{
    const struct score_texts *t = score_texts(job);

    for (int i = 0; i < t->n; i++) {
        char *hyp = form(t->hyp[i]);
        segment[i] = 0;
        for (int r = t->first[i]; r < t->first[i + 1]; r++) {
            char *ref = form(t->ref[r]);
            if (strcmp(hyp, ref) == 0)
                segment[i] = 1;
            free(ref);
        }
        free(hyp);
        stats[2 * i] = segment[i];
        stats[2 * i + 1] = 1;
    }
    return 0;
}

/* The words of S, one space between them. */
static char *squeeze(const char *s)
{
    struct vocabulary v = { 0 };
    struct words w;
    struct text out = { 0 };

    words_begin(&w, 1);
    words_of_line(&w, &v, s);
    for (int k = 0; k < w.n_ids; k++)
        text_join(&out, " ", "%s", v.word[w.id[k]]);
    words_free(&w);
    vocabulary_free(&v);
    return out.s ? text_take(&out) : xstrdup("");
}

/* --- WikiSQL's logical form: which column is selected, the aggregation, and the set of conditions.
 *
 * Two queries are the same if their normal forms are equal. The normal form of SQL text is in lower
 * case, without quotation marks, without a semicolon at the end, without spaces beside = < > ( )
 * and commas, and without the name of the table, as there is only one; its conditions are sorted. A
 * value that contains " and " is divided as well, on both sides alike. A query in the data set's
 * JSON ({"sel": 3, "agg": 0, "conds": [[5, 0, "x"]]}) has the same content by its keys. */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The N strings, sorted and joined; frees them. */
static void add_sorted(struct text *out, char **list, size_t n)
{
    qsort(list, n, sizeof *list, by_text);
    for (size_t i = 0; i < n; i++) {
        text_add(out, "|%s", list[i]);
        free(list[i]);
    }
    free(list);
}

/* NULL: S is not a query in JSON. */
static char *json_form(const char *s)
{
    json_t *j = json_loads(s, 0, NULL), *conds = json_object_get(j, "conds"), *c;
    char **list = xalloc(json_array_size(conds) + 1, sizeof *list), *form = NULL;
    struct text out = { 0 };
    size_t i;

    if (json_object_get(j, "sel") && json_object_get(j, "agg") && json_is_array(conds)) {
        char *sel = json_dumps(json_object_get(j, "sel"), JSON_ENCODE_ANY),
             *agg = json_dumps(json_object_get(j, "agg"), JSON_ENCODE_ANY);
        json_array_foreach(conds, i, c) list[i] = json_dumps(c, JSON_ENCODE_ANY);
        text_add(&out, "%s %s", sel, agg);
        add_sorted(&out, list, json_array_size(conds));
        list = NULL;
        free(sel);
        free(agg);
        char *cased = text_take(&out);
        form = text_lower(cased);
        free(cased);
    }
    free(list);
    json_decref(j);
    return form;
}

/* Remove quotation marks, and spaces beside signs. */
static void tidy_signs(char *s)
{
    static const char *const quotes[] = {
        "'", "\"", "`", "\xE2\x80\x98", "\xE2\x80\x99", "\xE2\x80\x9C", "\xE2\x80\x9D"
    };
    char *to = s;

    for (const char *p = s; *p;) {
        size_t skip = 0;
        for (size_t q = 0; q < ARRAY_LEN(quotes); q++)
            if (strncmp(p, quotes[q], strlen(quotes[q])) == 0)
                skip = strlen(quotes[q]);
        bool space = *p == ' ' && ((to > s && strchr("=<>(),", to[-1])) ||
                                   (p[1] && strchr("=<>(),", p[1])) || to == s || to[-1] == ' ');
        if (!skip && !space)
            *to++ = *p;
        p += skip ? skip : 1;
    }
    while (to > s && (to[-1] == ' ' || to[-1] == ';'))
        to--;
    *to = 0;
}

static char *logical_form(const char *text)
{
    char *form = json_form(text);

    if (form)
        return form;
    char *squeezed = squeeze(text), *s = text_lower(squeezed);
    free(squeezed);
    tidy_signs(s);
    struct text out = { 0 };
    char *where = strstr(s, " where "), *from = strstr(s, " from ");
    if (where)
        *where = 0;
    if (from && (!where || from < where))
        *from = 0;
    text_add(&out, "%s", s);
    char **list = xalloc(strlen(text) + 2, sizeof *list), *c = where ? where + 7 : NULL;
    size_t n = 0;
    while (c) {
        char *next = strstr(c, " and ");
        if (next)
            *next = 0;
        list[n++] = xstrdup(c);
        c = next ? next + 5 : NULL;
    }
    add_sorted(&out, list, n);
    free(s);
    return text_take(&out);
}

static int exact_measure(struct score_job *job, double *stats, double *segment)
{
    return measure(job, squeeze, stats, segment);
}

static int logical_measure(struct score_job *job, double *stats, double *segment)
{
    return measure(job, logical_form, stats, segment);
}

const struct score_kind score_kind_exact_match = {
    .name = "exact_match",
    .label = "exact match",
    .family = "wikisql",
    .source = "equal to a reference but for white space",
    .order = 2,
    .decimals = 4,
    .n_stats = 2,
    .measure = exact_measure,
    .total = score_mean,
};
const struct score_kind score_kind_logical_form = {
    .name = "logical_form",
    .label = "logical form",
    .family = "wikisql",
    .source = "WikiSQL's logical form accuracy, after a normalization that is described in exact.c",
    .order = 1,
    .decimals = 4,
    .n_stats = 2,
    .measure = logical_measure,
    .total = score_mean,
};
