/* found.c - the run, cell, or study that a word of the command line names. */
#include "results/query/found.h"
#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

enum { PREFIX_MIN = 4, CANDIDATES = 8 };

static bool is_prefix(const char *p)
{
    size_t n = strlen(p);

    return n >= PREFIX_MIN && n <= 64 && strspn(p, "0123456789abcdef") == n;
}

static int ambiguous(const struct rows *r, const char *prefix)
{
    struct text list = { 0 };

    for (int i = 0; i < r->n_rows && i < CANDIDATES; i++)
        text_join(&list, "; ", "%s %.12s (%s)", rows_get(r, i, "kind"), rows_get(r, i, "key"),
                  rows_get(r, i, "what"));
    if (r->n_rows > CANDIDATES)
        text_add(&list, "; ...");
    int rc = fail(FAIL_USAGE, "'%s' is ambiguous: %s", prefix, text_string(&list));
    text_free(&list);
    return rc;
}

static const char *kinds_text(int kinds)
{
    switch (kinds) {
    case FOUND_RUN: return "run";
    case FOUND_CELL: return "cell";
    case FOUND_STUDY: return "study";
    case FOUND_RUN | FOUND_CELL: return "run or cell";
    case FOUND_RUN | FOUND_STUDY: return "run or study";
    default: return "run, cell or study";
    }
}

/* 1: the store has a study of this name; 0: not, and the failure that suggests one is recorded. */
static int find_study(struct store *s, const char *word, int kinds)
{
    struct rows rows;
    int known = 0;

    if (query_named(s, &rows, "cmd_studies", NULL) != 0)
        return -1;
    const char **names = xalloc((size_t)rows.n_rows + 1, sizeof *names);
    for (int i = 0; i < rows.n_rows; i++) {
        names[i] = rows_get(&rows, i, "study");
        known |= strcmp(names[i], word) == 0;
    }
    if (!known)
        suggest_fail(FAIL_USAGE, kinds_text(kinds), word, names,
                     kinds == FOUND_STUDY
                         ? "'lowrank status' lists them"
                         : "'lowrank status' lists studies, 'lowrank query runs' runs and cells");
    free(names);
    rows_free(&rows);
    return known;
}

static int read_key(struct found *f, struct store *s, const char *word, int kinds)
{
    const char *const params[] = { "prefix", word,
                                   "runs",   kinds & FOUND_RUN ? "1" : "0",
                                   "cells",  kinds & FOUND_CELL ? "1" : "0",
                                   NULL };
    struct rows r;
    int rc = -1;

    if (query_named(s, &r, "cmd_found", params) != 0)
        return -1;
    if (r.n_rows == 0) {
        fail(FAIL_USAGE, "unknown %s '%s'; 'lowrank query runs' lists runs and cells",
             kinds_text(kinds), word);
    } else if (r.n_rows > 1) {
        ambiguous(&r, word);
    } else {
        f->kind = strcmp(rows_get(&r, 0, "kind"), "run") == 0 ? FOUND_RUN : FOUND_CELL;
        f->name = xstrdup(rows_get(&r, 0, "key"));
        f->keys = xstrdup(rows_get(&r, 0, "keys"));
        snprintf(f->label, sizeof f->label, "%s %.8s", rows_get(&r, 0, "kind"), f->name);
        rc = 0;
    }
    rows_free(&r);
    return rc;
}

int found_read(struct found *f, struct store *s, const char *word, int kinds)
{
    *f = (struct found){ 0 };
    int known = kinds & FOUND_STUDY ? find_study(s, word, kinds) : 0;

    if (known < 0)
        return -1;
    if (known) {
        f->kind = FOUND_STUDY;
        f->name = xstrdup(word);
        snprintf(f->label, sizeof f->label, "study '%.36s'", word);
        return 0;
    }
    if (kinds != FOUND_STUDY && is_prefix(word))
        return read_key(f, s, word, kinds);
    return kinds & FOUND_STUDY
               ? -1
               : fail(FAIL_USAGE, "'%s' must be at least %d hex digits of the key of a %s", word,
                      PREFIX_MIN, kinds_text(kinds));
}

void found_free(struct found *f)
{
    free(f->name);
    free(f->keys);
    *f = (struct found){ 0 };
}
