/* score.c - finding scores, jobs, and results. */
#include "core/score/score.h"
#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TOKENIZERS = 12 };

struct score_job {
    struct score_texts texts; /* of own copies */
    char **hyp, **ref;
    int *first;
    struct {
        words_fn *tokenizer;
        struct score_words words;
    } cache[MOST_TOKENIZERS];
    int n_cache;
    const struct meteor *meteor;
    struct score_result *running;
};

const struct score_kind *score_find(const char *name)
{
    for (const struct score_kind *const *k = score_kind_table; *k; k++)
        if (strcmp((*k)->name, name) == 0)
            return *k;
    return NULL;
}

static int by_order(const void *a, const void *b)
{
    return (*(const struct score_kind *const *)a)->order -
           (*(const struct score_kind *const *)b)->order;
}

static size_t count_kinds(void)
{
    size_t n = 0;

    while (score_kind_table[n])
        n++;
    return n;
}

const struct score_kind **score_family(const char *name)
{
    const struct score_kind **list = xalloc(count_kinds() + 1, sizeof *list);
    size_t n = 0;

    for (const struct score_kind *const *k = score_kind_table; *k; k++)
        if (strcmp((*k)->family, name) == 0)
            list[n++] = *k;
    qsort(list, n, sizeof *list, by_order);
    if (n > 0)
        return list;
    free(list);
    return NULL;
}

const char **score_names(void)
{
    size_t kinds = count_kinds(), n = 0;
    const char **list = xalloc(2 * kinds + 1, sizeof *list);

    for (size_t i = 0; i < kinds; i++) {
        size_t seen = 0;
        while (seen < n && strcmp(list[seen], score_kind_table[i]->family) != 0)
            seen++;
        if (seen == n)
            list[n++] = score_kind_table[i]->family;
    }
    for (size_t i = 0; i < kinds; i++)
        list[n++] = score_kind_table[i]->name;
    return list;
}

/* S as valid UTF-8 of one line. */
static char *clean_copy(const char *s)
{
    const char *end = s + strlen(s);
    char *out = xalloc(3 * (size_t)(end - s) + 1, 1);
    size_t n = 0;

    while (s < end) {
        const char *at = s;
        uint32_t c = utf8_next(&s, end);
        if (c == '\n' || c == '\r')
            out[n++] = ' ';
        else if (c == 0xFFFD)
            n += (size_t)snprintf(out + n, 4, "\xEF\xBF\xBD");
        else
            for (; at < s; at++)
                out[n++] = *at;
    }
    out[n] = 0;
    return out;
}

static int copy_text(char **to, const char *s, const char *what, int i)
{
    size_t n = strlen(s);

    if (n > SCORE_MOST_BYTES)
        return fail(FAIL_INPUT, "%s %d has %zu bytes; at most %d can be scored", what, i + 1, n,
                    SCORE_MOST_BYTES);
    *to = clean_copy(s);
    return 0;
}

struct score_job *score_open(const struct score_texts *t, const struct meteor *meteor)
{
    if (t->n < 1) {
        fail(FAIL_INPUT, "there is nothing to score: no hypotheses");
        return NULL;
    }
    struct score_job *j = xalloc(1, sizeof *j);
    j->meteor = meteor;
    j->hyp = xalloc((size_t)t->n, sizeof *j->hyp);
    j->ref = xalloc((size_t)t->first[t->n] + 1, sizeof *j->ref);
    j->first = xalloc((size_t)t->n + 1, sizeof *j->first);
    memcpy(j->first, t->first, ((size_t)t->n + 1) * sizeof *j->first);
    j->texts = (struct score_texts){ t->n, (const char *const *)j->hyp, (const char *const *)j->ref,
                                     j->first };
    for (int i = 0; i < t->n; i++) {
        int rc = copy_text(&j->hyp[i], t->hyp[i], "hypothesis", i);
        if (rc == 0 && t->first[i + 1] <= t->first[i])
            rc = fail(FAIL_INPUT, "hypothesis %d has no reference", i + 1);
        for (int r = t->first[i]; rc == 0 && r < t->first[i + 1]; r++)
            rc = copy_text(&j->ref[r], t->ref[r], "reference", r);
        if (rc != 0) {
            score_close(j);
            return NULL;
        }
    }
    return j;
}

void score_close(struct score_job *j)
{
    if (!j)
        return;
    for (int i = 0; i < j->texts.n; i++)
        free(j->hyp[i]);
    for (int r = 0; r < j->first[j->texts.n]; r++)
        free(j->ref[r]);
    for (int c = 0; c < j->n_cache; c++) {
        vocabulary_free(&j->cache[c].words.vocabulary);
        words_free(&j->cache[c].words.hyp);
        words_free(&j->cache[c].words.ref);
    }
    free(j->hyp);
    free(j->ref);
    free(j->first);
    free(j);
}

const struct score_words *score_words(struct score_job *j, words_fn *tokenizer)
{
    for (int c = 0; c < j->n_cache; c++)
        if (j->cache[c].tokenizer == tokenizer)
            return &j->cache[c].words;
    CHECK(j->n_cache < MOST_TOKENIZERS, "%d tokenizers", j->n_cache);
    int n_refs = j->first[j->texts.n];
    j->cache[j->n_cache].tokenizer = tokenizer;
    struct score_words *w = &j->cache[j->n_cache++].words;
    words_begin(&w->hyp, j->texts.n);
    words_begin(&w->ref, n_refs);
    tokenizer(&w->hyp, &w->vocabulary, j->texts.hyp, j->texts.n);
    tokenizer(&w->ref, &w->vocabulary, j->texts.ref, n_refs);
    return w;
}

const struct score_texts *score_texts(const struct score_job *j)
{
    return &j->texts;
}

const struct meteor *score_meteor(const struct score_job *j)
{
    return j->meteor;
}

void score_missing(struct score_job *j, const char *name, const char *fmt, ...)
{
    struct score_result *r = j->running;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(r->missing, sizeof r->missing, fmt, ap);
    va_end(ap);
    snprintf(r->name, sizeof r->name, "%s", name);
}

int score_run(struct score_result *r, struct score_job *j, const struct score_kind *k)
{
    double sum[SCORE_MOST_STATS] = { 0 };

    CHECK(k->n_stats <= SCORE_MOST_STATS, "%d statistics of '%s'", k->n_stats, k->name);
    *r = (struct score_result){ .kind = k, .n = j->texts.n };
    snprintf(r->name, sizeof r->name, "%s", k->name);
    r->stats = xalloc((size_t)r->n * (size_t)k->n_stats, sizeof *r->stats);
    r->segment = xalloc((size_t)r->n, sizeof *r->segment);
    j->running = r;
    if (k->measure(j, r->stats, r->segment) != 0) {
        score_free(r);
        return -1;
    }
    for (int i = 0; i < r->n; i++)
        for (int s = 0; s < k->n_stats; s++)
            sum[s] += r->stats[(size_t)i * (size_t)k->n_stats + (size_t)s];
    r->total = k->total(sum);
    return 0;
}

void score_free(struct score_result *r)
{
    free(r->stats);
    free(r->segment);
    *r = (struct score_result){ 0 };
}

double score_mean(const double *sum)
{
    return sum[1] > 0 ? sum[0] / sum[1] : 0;
}
