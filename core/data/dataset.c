/* dataset.c - a split of a task, read, checked and tokenized. */
#include "core/data/dataset.h"
#include "core/data/generation.h"
#include "core/os/file.h"
#include "core/opt/suggest.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static int unknown_label(const struct task *t, const char *path, long line, const char *text)
{
    const char **words = xalloc((size_t)t->n_labels + 1, sizeof *words);
    char hint[SUGGEST_HINT];

    for (int i = 0; i < t->n_labels; i++)
        words[i] = t->labels[i];
    suggest_hint(hint, text, words, NULL);
    free(words);
    return fail(FAIL_INPUT, "%s:%ld: unknown label '%s'%s", path, line, data_file_shown(text),
                hint);
}

static int find_label(const struct task *t, const char *text)
{
    for (int i = 0; i < t->n_labels; i++)
        if (strcmp(text, t->labels[i]) == 0)
            return i;
    return -1;
}

static int parse_target(double *out, const struct task *t, const char *path, long line,
                        const char *text)
{
    char *end;
    size_t n = strlen(text);

    errno = 0;
    *out = strtod(text, &end);
    if (n == 0 || strspn(text, "+-.0123456789eE") != n || *end || errno == ERANGE)
        return fail(FAIL_INPUT, "%s:%ld: '%s' is not a number", path, line, data_file_shown(text));
    if (!(*out >= t->lo && *out <= t->hi))
        return fail(FAIL_INPUT, "%s:%ld: %s is outside the task's range [%g, %g]", path, line,
                    data_file_shown(text), t->lo, t->hi);
    return 0;
}

/* With labels, a target must be one of them. */
static int find_answers(struct dataset *d, const struct task *t, const struct data_file *f)
{
    for (int i = 0; i < f->n; i++) {
        size_t n;
        const char *from = generation_reference(data_file_cell(f, i, CELL_TARGET), &n);
        char *text = xprintf("%.*s", (int)n, from);
        d->label[i] = find_label(t, text);
        if (d->label[i] < 0)
            unknown_label(t, data_file_path(f, i), f->row[i].line, text);
        free(text);
        if (d->label[i] < 0)
            return -1;
    }
    return 0;
}

/* The labels of all rows: the whole file is checked, whatever subset is used afterwards. */
static int read_labels(struct dataset *d, const struct task *t, const struct data_file *f,
                       const char *path)
{
    if (t->generates && t->n_labels == 0)
        return 0;
    if (t->regression)
        d->target = xalloc((size_t)f->n, sizeof *d->target);
    else
        d->label = xalloc((size_t)f->n, sizeof *d->label);
    if (t->generates)
        return find_answers(d, t, f);
    for (int i = 0; i < f->n; i++) {
        const char *text = data_file_cell(f, i, CELL_LABEL);
        long line = f->row[i].line;
        if (t->regression) {
            if (parse_target(&d->target[i], t, path, line, text) != 0)
                return -1;
        } else if ((d->label[i] = find_label(t, text)) < 0) {
            return unknown_label(t, path, line, text);
        }
    }
    return 0;
}

/* Make the rows PICK the examples of *d. */
static int tokenize_rows(struct dataset *d, const struct data_file *f, const int *pick, int n,
                         const struct tok *tok, int max_len)
{
    struct ids one = { 0 };
    size_t cap = 0;

    d->n = n;
    d->off = xalloc((size_t)n + 1, sizeof *d->off);
    d->second = xalloc((size_t)n, sizeof *d->second);
    d->line = xalloc((size_t)n, sizeof *d->line);
    for (int i = 0; i < n; i++) {
        int from = pick[i];
        one.n = 0;
        int cut = tok_pair(tok, data_file_cell(f, from, CELL_TEXT),
                           data_file_cell(f, from, CELL_PAIR), max_len, &one, &d->second[i]);
        size_t len = (size_t)one.n;
        d->line[i] = f->row[from].line;
        if (len == 0) {
            ids_free(&one);
            return fail(FAIL_INPUT, "%s:%ld: the text has no tokens", d->path, d->line[i]);
        }
        d->n_truncated += cut > 0;
        d->tokens_cut += cut;
        if (d->n_tokens + len > cap) {
            cap = 2 * (d->n_tokens + len);
            d->ids = xgrow(d->ids, cap, sizeof *d->ids);
        }
        memcpy(d->ids + d->n_tokens, one.id, len * sizeof *one.id);
        d->n_tokens += len;
        d->off[i + 1] = d->n_tokens;
        if (one.n > d->max_tokens)
            d->max_tokens = one.n;
        if (d->label)
            d->label[i] = d->label[from]; /* from >= i: PICK is ascending */
        if (d->target)
            d->target[i] = d->target[from];
    }
    ids_free(&one);
    return 0;
}

int dataset_load(struct dataset *d, const struct task *t, enum split s, const char *dir,
                 const struct tok *tok, long max_len, const struct draw *w)
{
    const struct draw all = { 0 };
    const char *file = task_file(t, s);
    struct data_file f = { 0 };
    int *pick = NULL, rc = -1;

    *d = (struct dataset){ 0 };
    CHECK(t->regression || t->generates || t->n_labels > 0, "task '%s': call task_labels first",
          t->name);
    if (!file)
        return fail(FAIL_USAGE, "task '%s' has no %s split", t->name, split_names[s]);
    d->path = path_join(dir, file);
    if (data_file_read(&f, d->path, t) != 0 || read_labels(d, t, &f, d->path) != 0)
        goto out;
    memcpy(d->sha256, f.sha256, sizeof d->sha256);
    d->n_skipped = f.n_skipped;
    d->first_skipped = f.first_skipped;
    pick = xalloc((size_t)f.n, sizeof *pick);
    int n = draw_rows(pick, &f, &(struct row_labels){ d->label, d->target }, t, s, w ? w : &all);
    if (n < 0)
        goto out;
    if (max_len <= 0)
        max_len = t->max_len;
    int most = max_len > INT_MAX ? INT_MAX : (int)max_len;
    rc = t->generates ? generation_tokenize(d, &f, pick, n, tok, t, most)
                      : tokenize_rows(d, &f, pick, n, tok, most);
out:
    free(pick);
    data_file_free(&f);
    if (rc != 0)
        dataset_free(d);
    return rc;
}

size_t dataset_bytes(const struct dataset *d)
{
    size_t per_example = sizeof *d->off + sizeof *d->second + sizeof *d->line +
                         (d->label ? sizeof *d->label : 0) + (d->target ? sizeof *d->target : 0);

    if (d->generates)
        per_example += sizeof *d->group + sizeof *d->ref;
    return d->n_tokens * sizeof *d->ids + (size_t)d->n * per_example +
           (d->generates ? d->ref[d->n] : 0);
}

const int *dataset_prompt(const struct dataset *d, int example, int *n)
{
    *n = d->second[example];
    return d->ids + d->off[example];
}

int dataset_targets(const struct dataset *d, int example)
{
    return (int)(d->off[example + 1] - d->off[example]) - d->second[example];
}

long dataset_terms(const struct dataset *d, const int *idx, long n)
{
    long terms = 0;

    for (long i = 0; d->generates && i < n; i++)
        terms += dataset_targets(d, idx[i]);
    return d->generates ? terms : n;
}

const char *dataset_reference(const struct dataset *d, int example)
{
    return d->refs + d->ref[example];
}

void dataset_free(struct dataset *d)
{
    free(d->ids);
    free(d->off);
    free(d->second);
    free(d->label);
    free(d->target);
    free(d->line);
    free(d->group);
    free(d->refs);
    free(d->ref);
    ids_free(&d->answer);
    free(d->answer_off);
    free(d->path);
    *d = (struct dataset){ 0 };
}

static size_t example_bytes(const struct dataset *d, int i)
{
    return (d->off[i + 1] - d->off[i]) * sizeof *d->ids;
}

static bool same_example(const struct dataset *a, int i, const struct dataset *b, int j)
{
    size_t n = example_bytes(a, i);

    return n == example_bytes(b, j) && memcmp(a->ids + a->off[i], b->ids + b->off[j], n) == 0;
}

long dataset_shared(const struct dataset *a, const struct dataset *b)
{
    size_t size = 16;
    long shared = 0;

    while (size < 2 * (size_t)a->n)
        size *= 2;
    int *table = xalloc(size, sizeof *table); /* index in a, plus 1; linear probing */
    for (int i = 0; i < a->n; i++) {
        size_t h = XXH3_64bits(a->ids + a->off[i], example_bytes(a, i)) & (size - 1);
        while (table[h] && !same_example(a, table[h] - 1, a, i))
            h = (h + 1) & (size - 1);
        table[h] = i + 1;
    }
    for (int i = 0; i < b->n; i++) {
        size_t h = XXH3_64bits(b->ids + b->off[i], example_bytes(b, i)) & (size - 1);
        while (table[h] && !same_example(a, table[h] - 1, b, i))
            h = (h + 1) & (size - 1);
        shared += table[h] != 0;
    }
    free(table);
    return shared;
}
