/* text_files.c - reading hypotheses and references. */
#include "experiments/score/text_files.h"
#include "core/base/utf8.h"
#include "core/os/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The lines of a file. */
struct lines {
    const char *path;
    char **line;
    int n;
};

static void lines_free(struct lines *l)
{
    for (int i = 0; i < l->n; i++)
        free(l->line[i]);
    free(l->line);
    *l = (struct lines){ 0 };
}

static bool is_valid(const char *s, size_t n)
{
    const char *end = s + n;

    while (s < end) {
        const char *at = s;
        if (*s == 0 || (utf8_next(&s, end) == 0xFFFD && strncmp(at, "\xEF\xBF\xBD", 3) != 0))
            return false;
    }
    return true;
}

static char *trimmed(const char *s, size_t n)
{
    while (n > 0 && isspace((unsigned char)*s)) {
        s++;
        n--;
    }
    while (n > 0 && isspace((unsigned char)s[n - 1]))
        n--;
    char *copy = xalloc(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        copy[i] = s[i] ? s[i] : '\xFF'; /* NUL is as bad as a byte that is not UTF-8 */
    return copy;
}

static int lines_read(struct lines *l, const char *path)
{
    struct file f;
    int bad = 0, first_bad = 0;

    *l = (struct lines){ .path = path };
    if (file_map(&f, path) != 0)
        return -1;
    char *text = xalloc(f.size + 1, 1);
    int rc = file_copy_data(text, &f);
    size_t size = f.size;
    file_unmap(&f);
    bool bom = size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0; /* no part of the first word */
    for (const char *p = text + (bom ? 3 : 0), *end = text + size; rc == 0 && p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        if (n > SCORE_MOST_BYTES)
            rc = fail(FAIL_INPUT, "'%s' line %d has %zu bytes; at most %d can be scored", path,
                      l->n + 1, n, SCORE_MOST_BYTES);
        if ((l->n & (l->n - 1)) == 0)
            l->line = xgrow(l->line, l->n ? 2 * (size_t)l->n : 1, sizeof *l->line);
        l->line[l->n++] = trimmed(p, n);
        if (!is_valid(p, n) && bad++ == 0)
            first_bad = l->n;
        p = stop ? stop + 1 : end;
    }
    free(text);
    if (rc == 0 && bad > 0)
        warn(
            "'%s' is not valid UTF-8 in %d line%s, the first of them %d; bad bytes count as U+FFFD",
            path, bad, bad > 1 ? "s" : "", first_bad);
    if (rc != 0)
        lines_free(l);
    return rc;
}

static void add_ref(struct text_files *t, const char *s)
{
    t->ref = xgrow(t->ref, (size_t)t->n_ref + 1, sizeof *t->ref);
    t->ref[t->n_ref++] = xstrdup(s);
}

/* How many groups of lines that are not empty there are, and whether lines stand alone. */
static int count_groups(const struct lines *l, bool *grouped)
{
    int n = 0;

    *grouped = false;
    for (int i = 0; i < l->n; i++) {
        bool begins = *l->line[i] && (i == 0 || !*l->line[i - 1]);
        n += begins;
        *grouped |= begins && i > 0;
    }
    return n;
}

/* One file: as many groups of lines as hypotheses, or as many lines. */
static int take_one(struct text_files *t, const struct lines *l, const char *hyp)
{
    bool grouped;
    int groups = count_groups(l, &grouped), k = 0;

    if (!grouped && groups > 0)
        groups = l->n;
    if (groups != t->n_hyp)
        return fail(FAIL_INPUT, "'%s' has %d hypotheses, but '%s' has %d %s", hyp, t->n_hyp,
                    l->path, groups, grouped ? "groups of references" : "references");
    for (int i = 0; i < l->n; i++) {
        if (*l->line[i])
            add_ref(t, l->line[i]);
        bool ends = *l->line[i] && (!grouped || i + 1 == l->n || !*l->line[i + 1]);
        if (ends)
            t->first[++k] = t->n_ref;
    }
    /* without groups an empty line can only be at the end, where it was counted */
    return k == t->n_hyp
               ? 0
               : fail(FAIL_INPUT, "'%s' line %d is empty, so hypothesis %d has no reference",
                      l->path, k + 1, k + 1);
}

static int take_several(struct text_files *t, const struct lines *l, int n, const char *hyp)
{
    for (int f = 0; f < n; f++)
        if (l[f].n != t->n_hyp)
            return fail(FAIL_INPUT, "'%s' has %d lines, but '%s' has %d", hyp, t->n_hyp, l[f].path,
                        l[f].n);
    for (int i = 0; i < t->n_hyp; i++) {
        for (int f = 0; f < n; f++)
            if (*l[f].line[i])
                add_ref(t, l[f].line[i]);
        t->first[i + 1] = t->n_ref;
        if (t->n_ref == t->first[i])
            return fail(FAIL_INPUT, "line %d is empty in every file of references", i + 1);
    }
    return 0;
}

/* A failed run of a system leaves such lines, and their score is a number like any other. */
static void warn_empty(const struct text_files *t, const char *path)
{
    int n = 0, first = 0;

    for (int i = t->n_hyp - 1; i >= 0; i--)
        if (!*t->hyp[i]) {
            first = i + 1;
            n++;
        }
    if (n > 0)
        warn("'%s' has no text in %d of %d lines, the first of them %d; they are scored as empty "
             "hypotheses",
             path, n, t->n_hyp, first);
}

int text_files_read(struct text_files *t, const char *hyp, char *const *ref, int n_ref)
{
    struct lines h, *r = xalloc((size_t)n_ref, sizeof *r);
    int rc = lines_read(&h, hyp), read = 0;

    *t = (struct text_files){ 0 };
    if (rc == 0 && h.n == 0)
        rc = fail(FAIL_INPUT, "'%s' is empty: there is nothing to score", hyp);
    while (rc == 0 && read < n_ref && (rc = lines_read(&r[read], ref[read])) == 0)
        read++;
    if (rc == 0) {
        t->hyp = h.line;
        t->n_hyp = h.n;
        h = (struct lines){ 0 };
        t->first = xalloc((size_t)t->n_hyp + 1, sizeof *t->first);
        rc = n_ref == 1 ? take_one(t, &r[0], hyp) : take_several(t, r, n_ref, hyp);
    }
    if (rc == 0)
        warn_empty(t, hyp);
    t->texts = (struct score_texts){ t->n_hyp, (const char *const *)t->hyp,
                                     (const char *const *)t->ref, t->first };
    lines_free(&h);
    for (int f = 0; f < read; f++)
        lines_free(&r[f]);
    free(r);
    if (rc != 0)
        text_files_free(t);
    return rc;
}

void text_files_free(struct text_files *t)
{
    for (int i = 0; i < t->n_hyp; i++)
        free(t->hyp[i]);
    for (int i = 0; i < t->n_ref; i++)
        free(t->ref[i]);
    free(t->hyp);
    free(t->ref);
    free(t->first);
    *t = (struct text_files){ 0 };
}
