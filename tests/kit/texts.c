/* texts.c - reading hypotheses, references, and golden scores. */
#include "tests/kit/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The lines of a file, without line breaks; an empty file has none. */
static char **lines_of(const char *path, int *n)
{
    FILE *f = fopen(path, "r");
    char **list = NULL, *line = NULL;
    size_t cap = 0;
    ssize_t size;

    CHECK(f, "cannot open '%s': %s", path, strerror(errno));
    for (*n = 0; (size = getline(&line, &cap, f)) >= 0;) {
        if (size > 0 && line[size - 1] == '\n')
            line[size - 1] = 0;
        list = xgrow(list, (size_t)*n + 1, sizeof *list);
        list[(*n)++] = xstrdup(line);
    }
    free(line);
    fclose(f);
    return list;
}

void texts_load(struct texts *x, const char *hyp, const char *ref)
{
    int n_lines, n_refs = 0, n_groups = 0;

    *x = (struct texts){ 0 };
    x->hyp = lines_of(hyp, &x->t.n);
    x->ref = lines_of(ref, &n_lines);
    x->first = xalloc((size_t)n_lines + 1, sizeof *x->first);
    for (int i = 0; i < n_lines; i++) {
        char *line = x->ref[i];
        bool empty = !*line;
        if (empty)
            free(line);
        else
            x->ref[n_refs++] = line;
        if ((empty || i + 1 == n_lines) && n_refs > x->first[n_groups])
            x->first[++n_groups] = n_refs;
    }
    CHECK(n_groups == x->t.n, "%d hypotheses, %d groups of references", x->t.n, n_groups);
    x->t.hyp = (const char *const *)x->hyp;
    x->t.ref = (const char *const *)x->ref;
    x->t.first = x->first;
}

void texts_free(struct texts *x)
{
    for (int i = 0; i < x->t.n; i++)
        free(x->hyp[i]);
    for (int i = 0; x->first && i < x->first[x->t.n]; i++)
        free(x->ref[i]);
    free(x->hyp);
    free(x->ref);
    free(x->first);
    *x = (struct texts){ 0 };
}

void tsv_load(struct tsv *x, const char *path)
{
    int n;
    char **line = lines_of(path, &n);

    *x = (struct tsv){ .n_rows = n, .row = xalloc((size_t)n + 1, sizeof *x->row) };
    for (int i = 0; i < n; i++) {
        int k = 1;
        for (const char *p = line[i]; *p; p++)
            k += *p == '\t';
        x->n_cols = k;
        x->row[i] = xalloc((size_t)k, sizeof **x->row);
        char *p = line[i];
        for (int c = 0; c < k; c++)
            x->row[i][c] = xstrdup(strsep(&p, "\t"));
        free(line[i]);
    }
    free(line);
}

void tsv_free(struct tsv *x)
{
    for (int i = 0; i < x->n_rows; i++) {
        for (int c = 0; c < x->n_cols; c++)
            free(x->row[i][c]);
        free(x->row[i]);
    }
    free(x->row);
    *x = (struct tsv){ 0 };
}
