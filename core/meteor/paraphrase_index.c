/* paraphrase_index.c - making and opening paraphrase.idx. */
#include "core/meteor/paraphrase_index.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static const char magic[16] = "lowrank-para-1\n";

struct header {
    char magic[16];
    uint64_t gz_size, words_size, pairs_size; /* bytes */
    uint64_t n_words;
};

/* DATA: header, START, words (padded to 8 bytes), pairs. */
struct paraphrase_table {
    struct file file; /* or MEMORY */
    unsigned char *memory;
    char *path;
};

static size_t padded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

static const unsigned char *table_data(const struct paraphrase_table *t)
{
    return t->memory ? t->memory : t->file.data;
}

struct paraphrase_view paraphrase_view(const struct paraphrase_table *t)
{
    struct header h;
    const unsigned char *d = table_data(t);
    struct paraphrase_view v = { .path = t->path };

    memcpy(&h, d, sizeof h);
    v.n_words = (uint32_t)h.n_words;
    v.start = (const uint64_t *)(const void *)(d + sizeof h);
    v.words = (const char *)(v.start + h.n_words + 1);
    v.words_size = h.words_size;
    v.pairs = (const unsigned char *)v.words + padded(h.words_size);
    return v;
}

/* Is the file what this program wrote for a table of GZ_SIZE bytes? */
static bool is_index(const struct file *f, uint64_t gz_size)
{
    enum { MOST_WORDS = 1 << 24 };
    struct header h;

    if (f->size < sizeof h)
        return false;
    memcpy(&h, f->data, sizeof h);
    if (memcmp(h.magic, magic, sizeof magic) != 0 || h.gz_size != gz_size || h.n_words < 1 ||
        h.n_words > MOST_WORDS || h.words_size > f->size || h.pairs_size > f->size)
        return false;
    size_t size = sizeof h + 8 * (h.n_words + 1) + padded(h.words_size) + h.pairs_size;
    const uint64_t *start = (const uint64_t *)(const void *)(f->data + sizeof h);
    if (size != f->size || start[0] != 0 || start[h.n_words] != h.pairs_size)
        return false;
    for (size_t i = 0; i < h.n_words; i++)
        if (start[i] > start[i + 1])
            return false;
    return true;
}

/* --- making it: all pairs as numbers of words in the order of the table */

struct builder {
    struct vocabulary v;
    uint32_t *word; /* of all phrases; a phrase is its length, then its words */
    size_t n, cap;
    uint32_t *frequency, *rank, *by_rank;
    int cap_frequency;
};

static void builder_free(struct builder *b)
{
    vocabulary_free(&b->v);
    free(b->word);
    free(b->frequency);
    free(b->rank);
    free(b->by_rank);
}

static void add_word(struct builder *b, uint32_t x)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 1 << 20;
        b->word = xgrow(b->word, b->cap, sizeof *b->word);
    }
    b->word[b->n++] = x;
}

/* A line of words becomes a phrase. False: it is empty or too long. */
static bool add_phrase(struct builder *b, char *line)
{
    size_t at = b->n;
    uint32_t n = 0;

    add_word(b, 0);
    for (char *save, *w = strtok_r(line, " \t\r\f", &save); w;
         w = strtok_r(NULL, " \t\r\f", &save)) {
        int id = vocabulary_id(&b->v, w, strlen(w));
        if (id >= b->cap_frequency) {
            int cap = b->cap_frequency ? 2 * b->cap_frequency : 65536;
            b->frequency = xgrow(b->frequency, (size_t)cap, sizeof *b->frequency);
            memset(b->frequency + b->cap_frequency, 0,
                   (size_t)(cap - b->cap_frequency) * sizeof *b->frequency);
            b->cap_frequency = cap;
        }
        b->frequency[id]++;
        add_word(b, (uint32_t)id);
        n++;
    }
    b->word[at] = n;
    return n >= 1 && n <= PARAPHRASE_MOST;
}

static int read_pairs(struct builder *b, const char *path)
{
    enum { LINE = 1 << 16 };
    gzFile z = gzopen(path, "rb");
    char *line = xalloc(LINE, 1);
    int rc = 0;

    if (!z) {
        free(line);
        return fail(FAIL_INPUT, "cannot read '%s'", path);
    }
    gzbuffer(z, 1 << 18);
    for (long at = 1; rc == 0 && gzgets(z, line, LINE); at++) {
        size_t n = strlen(line);
        bool whole = n > 0 && line[n - 1] == '\n';
        if (whole)
            line[n - 1] = 0;
        if (!whole || (at % 3 != 1 && !add_phrase(b, line)))
            rc = fail(FAIL_INPUT, "%s:%ld: not a phrase of 1 to %d words", path, at,
                      PARAPHRASE_MOST);
        if (rc == 0 && at % 100000 == 0 && (rc = stop_check()) == 0)
            progress("reading the paraphrase table: %.1f million pairs", (double)at / 3e6);
    }
    progress_end();
    int err = Z_OK;
    const char *why = gzerror(z, &err);
    if (rc == 0 && err != Z_OK && err != Z_STREAM_END)
        rc = fail(FAIL_INPUT, "cannot read '%s': %s", path, why);
    if (rc == 0 && b->n == 0)
        rc = fail(FAIL_INPUT, "'%s' has no pairs", path);
    gzclose(z);
    free(line);
    return rc;
}

static const uint32_t *sort_frequency; /* of the running sort */
static int by_frequency(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (sort_frequency[x] != sort_frequency[y])
        return sort_frequency[x] > sort_frequency[y] ? -1 : 1;
    return (x > y) - (x < y);
}

static void rank_words(struct builder *b)
{
    size_t n = (size_t)b->v.n;

    b->rank = xalloc(n, sizeof *b->rank);
    b->by_rank = xalloc(n, sizeof *b->by_rank);
    for (uint32_t i = 0; i < n; i++)
        b->by_rank[i] = i;
    sort_frequency = b->frequency;
    qsort(b->by_rank, n, sizeof *b->by_rank, by_frequency);
    for (uint32_t r = 0; r < n; r++)
        b->rank[b->by_rank[r]] = r;
}

static size_t number_size(uint32_t x)
{
    return x < 1u << 7 ? 1 : x < 1u << 14 ? 2 : x < 1u << 21 ? 3 : 4;
}

static unsigned char *put_number(unsigned char *to, uint32_t x)
{
    for (; x >= 0x80; x >>= 7)
        *to++ = (unsigned char)(x | 0x80);
    *to++ = (unsigned char)x;
    return to;
}

/* Call for each pair: its two phrases. */
static const uint32_t *second_phrase(const uint32_t *ref)
{
    return ref + 1 + ref[0];
}

static size_t pair_size(const struct builder *b, const uint32_t *ref)
{
    const uint32_t *par = second_phrase(ref);
    size_t size = 1;

    for (uint32_t i = 1; i < ref[0]; i++)
        size += number_size(b->rank[ref[1 + i]]);
    for (uint32_t i = 0; i < par[0]; i++)
        size += number_size(b->rank[par[1 + i]]);
    return size;
}

static unsigned char *put_pair(const struct builder *b, unsigned char *to, const uint32_t *ref)
{
    const uint32_t *par = second_phrase(ref);

    *to++ = (unsigned char)(ref[0] << 4 | par[0]);
    for (uint32_t i = 1; i < ref[0]; i++)
        to = put_number(to, b->rank[ref[1 + i]]);
    for (uint32_t i = 0; i < par[0]; i++)
        to = put_number(to, b->rank[par[1 + i]]);
    return to;
}

/* The whole index; the caller frees it. Pairs are counted, then put where their first word says, so
 * their order is kept. */
static unsigned char *build_index(struct builder *b, uint64_t gz_size, size_t *size)
{
    size_t n = (size_t)b->v.n;
    uint64_t *start = xalloc(n + 1, sizeof *start);
    struct header h = { .gz_size = gz_size, .n_words = n };
    const uint32_t *end = b->word + b->n;

    memcpy(h.magic, magic, sizeof magic);
    rank_words(b);
    for (const uint32_t *p = b->word; p < end; p = second_phrase(second_phrase(p)))
        start[b->rank[p[1]] + 1] += pair_size(b, p);
    for (size_t i = 0; i < n; i++)
        start[i + 1] += start[i];
    h.pairs_size = start[n];
    for (size_t i = 0; i < n; i++)
        h.words_size += strlen(b->v.word[i]) + 1;
    *size = sizeof h + 8 * (n + 1) + padded(h.words_size) + h.pairs_size;
    unsigned char *data = xalloc(*size, 1), *at = data + sizeof h + 8 * (n + 1);
    memcpy(data, &h, sizeof h);
    memcpy(data + sizeof h, start, 8 * (n + 1));
    for (size_t r = 0; r < n; r++)
        at = (unsigned char *)stpcpy((char *)at, b->v.word[b->by_rank[r]]) + 1;
    unsigned char *pairs = data + sizeof h + 8 * (n + 1) + padded(h.words_size);
    for (const uint32_t *p = b->word; p < end; p = second_phrase(second_phrase(p))) {
        uint64_t *where = &start[b->rank[p[1]]];
        *where = (uint64_t)(put_pair(b, pairs + *where, p) - pairs);
    }
    free(start);
    return data;
}

static int make_index(struct paraphrase_table *t, const char *gz, uint64_t gz_size)
{
    struct builder b = { 0 };
    size_t size = 0;

    note("making an index of METEOR's paraphrase table, '%s'; this happens once", t->path);
    int rc = read_pairs(&b, gz);
    if (rc == 0) {
        t->memory = build_index(&b, gz_size, &size);
        struct file_part part = { t->memory, size };
        if (file_write_parts(t->path, &part, 1, FAIL_STORE) != 0)
            warn("%s; the index is made again the next time", fail_text());
    }
    builder_free(&b);
    return rc;
}

int paraphrase_open(struct paraphrase_table **to, const char *dir)
{
    char *gz = path_join(dir, "paraphrase-en.gz");
    struct paraphrase_table *t = xalloc(1, sizeof *t);
    struct stat st;
    int rc = 0;

    t->path = path_join(dir, "paraphrase.idx");
    if (stat(gz, &st) != 0)
        rc = fail(FAIL_INPUT, "cannot read '%s'", gz);
    if (rc == 0 && file_exists(t->path))
        rc = file_map(&t->file, t->path);
    if (rc == 0 && (!t->file.data || !is_index(&t->file, (uint64_t)st.st_size))) {
        file_unmap(&t->file);
        rc = make_index(t, gz, (uint64_t)st.st_size);
    }
    free(gz);
    if (rc != 0) {
        paraphrase_close(t);
        t = NULL;
    }
    *to = t;
    return rc;
}

void paraphrase_close(struct paraphrase_table *t)
{
    if (!t)
        return;
    file_unmap(&t->file);
    free(t->memory);
    free(t->path);
    free(t);
}
