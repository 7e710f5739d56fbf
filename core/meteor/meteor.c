/* meteor.c - METEOR's tables, statistics, and score. */
#include "core/meteor/meteor.h"
#include "core/meteor/align.h"
#include "core/meteor/tables.h"
#include "core/os/cpu.h"
#include "core/os/file.h"
#include "core/os/pool.h"

#include <libstemmer.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct meteor {
    struct vocabulary function;
    struct prefixes prefixes;
    struct synonyms synonyms;
    struct paraphrase_table *table;
    char missing[160];
};

/* --- tables */

static int read_function_words(struct meteor *m, const char *jar)
{
    char *text = table_member(jar, "function/english.words"), *p = text;

    for (char *line; text && (line = table_line(&p));)
        vocabulary_id(&m->function, line, strlen(line));
    free(text);
    return text ? 0 : -1;
}

static int read_prefixes(struct prefixes *x, const char *jar)
{
    char *text = table_member(jar, "nonbreaking/english.prefixes"), *p = text;

    for (char *line, *save; text && (line = table_line(&p));) {
        char *word = strtok_r(line, " \t", &save), *kind = strtok_r(NULL, " \t", &save);
        if (!word || *word == '#')
            continue;
        int id = vocabulary_id(&x->words, word, strlen(word));
        x->only_number = xgrow(x->only_number, (size_t)id + 1, sizeof *x->only_number);
        x->only_number[id] = kind && strcmp(kind, "#NUMERIC_ONLY#") == 0;
    }
    free(text);
    return text ? 0 : -1;
}

static const char *wordnet_dir(void)
{
    const char *dir = getenv("WNSEARCHDIR");

    return dir && *dir ? dir : "/usr/share/wordnet";
}

int meteor_open(struct meteor **to, const char *dir)
{
    struct meteor *m = xalloc(1, sizeof *m);
    char *jar = path_join(dir, "meteor-1.5.jar"), *data = path_join(dir, "data");
    bool have_jar = file_exists(jar), have_table = file_in(data, "paraphrase-en.gz");
    int rc = 0;

    if (have_jar) {
        rc = read_function_words(m, jar) == 0 && read_prefixes(&m->prefixes, jar) == 0
                 ? synonyms_from_jar(&m->synonyms, jar)
                 : -1;
    } else if (synonyms_from_wordnet(&m->synonyms, wordnet_dir()) != 0) {
        rc = fail_context("METEOR needs its tables ('lowrank fetch meteor') or at least WordNet");
    }
    if (rc == 0 && have_table)
        rc = paraphrase_open(&m->table, data);
    if (!have_jar || !have_table)
        snprintf(m->missing, sizeof m->missing,
                 "without %s%s%s; 'lowrank fetch meteor' fetches them",
                 have_table ? "" : "METEOR's paraphrases", have_table || have_jar ? "" : " and ",
                 have_jar ? "" : "its list of function words");
    free(jar);
    free(data);
    if (rc != 0) {
        meteor_close(m);
        m = NULL;
    }
    *to = m;
    return rc;
}

void meteor_close(struct meteor *m)
{
    if (!m)
        return;
    vocabulary_free(&m->function);
    vocabulary_free(&m->prefixes.words);
    free(m->prefixes.only_number);
    synonyms_free(&m->synonyms);
    paraphrase_close(m->table);
    free(m);
}

const char *meteor_missing(const struct meteor *m)
{
    return m->missing;
}

/* --- the score */

/* Precision or recall: SIDE 0 is the hypothesis. */
static double weighted_part(const double *s, int side)
{
    static const double weight[MATCH_KINDS] = { 1, 0.6, 0.8, 0.6 };
    const double delta = 0.75;
    double length = s[M_HYP + side], function = s[M_HYP_FUNCTION + side], sum = 0;

    for (int k = 0; k < MATCH_KINDS; k++)
        sum += s[M_MATCH + 4 * k + side] * weight[k] * delta;
    for (int k = 0; k < MATCH_KINDS; k++)
        sum += s[M_MATCH + 4 * k + 2 + side] * weight[k] * (1.0 - delta);
    return sum / (delta * (length - function) + (1.0 - delta) * function);
}

static double matched_words(const double *s, int side)
{
    double sum = 0;

    for (int k = 0; k < MATCH_KINDS; k++)
        sum += s[M_MATCH + 4 * k + side] + s[M_MATCH + 4 * k + 2 + side];
    return sum;
}

static bool is_perfect(const double *s)
{
    return matched_words(s, 0) == s[M_HYP] && matched_words(s, 1) == s[M_REF] && s[M_CHUNKS] == 1;
}

double meteor_score(const double *s)
{
    const double alpha = 0.85, beta = 0.2, gamma = 0.6;
    double p = weighted_part(s, 0), r = weighted_part(s, 1);
    double mean = 1.0 / ((1.0 - alpha) / p + alpha / r);
    double matched = (matched_words(s, 0) + matched_words(s, 1)) / 2;
    double frag = is_perfect(s) ? 0 : s[M_CHUNKS] / matched;
    double score = mean * (1.0 - gamma * pow(frag, beta));

    return isnan(score) ? 0 : fmax(score, 0);
}

/* --- texts as words, and what is known of the words */

struct prepared {
    struct vocabulary v;
    struct words hyp, ref;
    struct align_word *word; /* per word of V */
    struct paraphrases paraphrases;
};

/* Java's String.hashCode(), by which the original compares words. */
static int32_t java_hash(const char *s)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)s;
    uint32_t h = 0;

    for (utf8proc_int32_t c; *p; p += utf8proc_iterate(p, -1, &c)) {
        CHECK(utf8proc_iterate(p, -1, &c) > 0, "invalid UTF-8 in '%s'", s);
        if (c >= 0x10000) {
            h = 31 * h + 0xD800 + (((uint32_t)c - 0x10000) >> 10);
            c = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        h = 31 * h + (uint32_t)c;
    }
    return (int32_t)h;
}

static void normalize_texts(const struct meteor *m, struct words *w, struct vocabulary *v,
                            const char *const *text, int n)
{
    words_begin(w, n);
    for (int i = 0; i < n; i++) {
        char *line = normalize_line(text[i], &m->prefixes), *save;
        for (char *x = strtok_r(line, " \t\n\r\f", &save); x;
             x = strtok_r(NULL, " \t\n\r\f", &save))
            words_add(w, vocabulary_id(v, x, strlen(x)));
        words_end(w);
        free(line);
    }
}

static void describe_words(const struct meteor *m, struct prepared *x)
{
    struct sb_stemmer *stemmer = sb_stemmer_new("english", "UTF_8");

    CHECK(stemmer, "libstemmer has no English stemmer");
    x->word = xalloc((size_t)x->v.n + 1, sizeof *x->word);
    for (int i = 0; i < x->v.n; i++) {
        const char *s = x->v.word[i];
        const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)s, (int)strlen(s));
        CHECK(stem, "the stem of '%s'", s);
        x->word[i] =
            (struct align_word){ .hash = java_hash(s),
                                 .stem_hash = java_hash((const char *)stem),
                                 .synsets = synonyms_of(&m->synonyms, s),
                                 .function = vocabulary_find(&m->function, s, strlen(s)) >= 0 };
    }
    sb_stemmer_delete(stemmer);
}

static void prepared_free(struct prepared *x)
{
    for (int i = 0; x->word && i < x->v.n; i++)
        free(x->word[i].synsets);
    free(x->word);
    paraphrases_free(&x->paraphrases);
    words_free(&x->hyp);
    words_free(&x->ref);
    vocabulary_free(&x->v);
}

static int count_function(const struct prepared *x, const int *w, int n)
{
    int k = 0;

    for (int i = 0; i < n; i++)
        k += x->word[w[i]].function;
    return k;
}

static bool measure_pair(const struct prepared *x, bool table, double *s, int i, int r)
{
    const int *hyp = words_of(&x->hyp, i), *ref = words_of(&x->ref, r);
    int n_hyp = words_count(&x->hyp, i), n_ref = words_count(&x->ref, r);
    struct alignment a;

    if (!align(&a, x->word, table ? &x->paraphrases : NULL, hyp, n_hyp, ref, n_ref))
        return false;
    s[M_HYP] = n_hyp;
    s[M_REF] = n_ref;
    s[M_HYP_FUNCTION] = count_function(x, hyp, n_hyp);
    s[M_REF_FUNCTION] = count_function(x, ref, n_ref);
    for (int k = 0; k < MATCH_KINDS; k++)
        for (int side = 0; side < 2; side++) {
            s[M_MATCH + 4 * k + side] = a.content[side][k];
            s[M_MATCH + 4 * k + 2 + side] = a.function[side][k];
        }
    s[M_CHUNKS] = a.chunks;
    return true;
}

struct work {
    const struct meteor *m;
    const struct prepared *x;
    const int *first;
    double *stats, *segment;
    int *failed; /* per segment */
};

static void measure_segment(void *arg, int i, int thread)
{
    const struct work *w = arg;
    double *best = w->stats + (size_t)i * METEOR_STATS, score = -1;

    (void)thread;
    for (int r = w->first[i]; r < w->first[i + 1]; r++) {
        double s[METEOR_STATS];
        if (!measure_pair(w->x, w->m->table, s, i, r)) {
            w->failed[i] = 1;
            return;
        }
        double now = meteor_score(s);
        if (now > score) {
            score = now;
            memcpy(best, s, sizeof s);
        }
    }
    w->segment[i] = score;
    if (is_perfect(best))
        best[M_CHUNKS] = 0;
}

int meteor_measure(const struct meteor *m, double *stats, double *segment, const char *const *hyp,
                   const char *const *ref, const int *first, int n)
{
    struct prepared x = { 0 };
    struct work w = { m, &x, first, stats, segment, xalloc((size_t)n + 1, sizeof *w.failed) };
    struct pool *pool = NULL;
    int rc = 0;

    normalize_texts(m, &x.hyp, &x.v, hyp, n);
    normalize_texts(m, &x.ref, &x.v, ref, first[n]);
    describe_words(m, &x);
    if (m->table)
        rc = paraphrases_select(&x.paraphrases, m->table, &x.v);
    if (rc == 0 && !(pool = pool_new(cpu_info()->cores)))
        rc = -1;
    if (rc == 0)
        pool_run(pool, n, measure_segment, &w);
    for (int i = 0; rc == 0 && i < n; i++)
        if (w.failed[i])
            rc = fail(FAIL_INPUT,
                      "hypothesis %d and a reference of it have more than %d matches of words, too "
                      "many for METEOR",
                      i + 1, ALIGN_MOST);
    pool_free(pool);
    prepared_free(&x);
    free(w.failed);
    return rc;
}
