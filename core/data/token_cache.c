/* token_cache.c - tokenized splits in files.
 *
 * A cache file is struct token_head, the arrays off, line, (target), (ref), ids, second, (label),
 * (group), (refs), and XXH3-128 of all that. What it holds is determined by the key in its head; a
 * file that is incomplete or has another key is replaced. A file is copied out of its mapping under
 * file_guard instead of being used in place, because a program that truncates it later must not end
 * a run. */
#include "core/data/token_cache.h"
#include "core/data/generation.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* VERSION increases when a tokenizer, the reading of data files or this format changes what a file
 * holds. */
enum { VERSION = 5, BYTE_ORDER_MARK = 0x01020304 };

struct token_head {
    char magic[8];
    uint32_t version, byte_order;
    char key[64]; /* token_cache_key */
    int64_t n, n_tokens, max_tokens, n_truncated, tokens_cut, n_skipped, first_skipped;
    int64_t n_groups, n_refs, n_no_room, first_no_room; /* generation */
    int64_t regression, generates, labels;
};

/* The arrays after the head; the widest elements come first, so that all arrays are aligned. */
struct array {
    void *at;
    size_t bytes;
};
enum { N_ARRAYS = 9 };

static void list_arrays(struct array out[N_ARRAYS], const struct dataset *d, size_t n_refs)
{
    size_t n = (size_t)d->n;
    const struct array all[N_ARRAYS] = {
        { d->off, (n + 1) * sizeof *d->off },
        { d->line, n * sizeof *d->line },
        { d->target, d->target ? n * sizeof *d->target : 0 },
        { d->ref, d->generates ? (n + 1) * sizeof *d->ref : 0 },
        { d->ids, d->n_tokens * sizeof *d->ids },
        { d->second, n * sizeof *d->second },
        { d->label, d->label ? n * sizeof *d->label : 0 },
        { d->group, d->generates ? n * sizeof *d->group : 0 },
        { d->refs, n_refs },
    };

    memcpy(out, all, sizeof all);
}

static void token_cache_key(char out[65], const struct token_cache *c, enum split s, long max_len,
                            const struct draw *w)
{
    unsigned long long seed = w->limit > 0 || w->select > 0 ? w->seed : 0;
    char *text = xprintf("tokens %d of lowrank %s, %zu-byte long, order %x\n%s\n%s\n%s\n"
                         "%s %ld %ld %llu %.17g\n",
                         VERSION, LOWRANK_VERSION, sizeof(long), BYTE_ORDER_MARK, c->file, c->spec,
                         c->tokenizer, split_names[s], max_len, w->limit > 0 ? w->limit : 0, seed,
                         w->select);

    sha256_hex(out, text, strlen(text));
    free(text);
}

static struct token_head token_head_make(const char *key, const struct dataset *d)
{
    struct token_head h = { .magic = "LOWRANKT",
                            .version = VERSION,
                            .byte_order = BYTE_ORDER_MARK,
                            .n = d->n,
                            .n_tokens = (int64_t)d->n_tokens,
                            .max_tokens = d->max_tokens,
                            .n_truncated = d->n_truncated,
                            .tokens_cut = d->tokens_cut,
                            .n_skipped = d->n_skipped,
                            .first_skipped = d->first_skipped,
                            .n_groups = d->n_groups,
                            .n_refs = d->generates ? (int64_t)d->ref[d->n] : 0,
                            .n_no_room = d->n_no_room,
                            .first_no_room = d->first_no_room,
                            .regression = d->target != NULL,
                            .generates = d->generates,
                            .labels = d->label != NULL };

    memcpy(h.key, key, sizeof h.key);
    return h;
}

static XXH128_canonical_t checksum(const void *data, size_t size)
{
    XXH128_canonical_t sum;

    XXH128_canonicalFromHash(&sum, XXH3_128bits(data, size));
    return sum;
}

/* A file being read. */
struct reading {
    const struct file *f;
    const char *key;
    const struct task *task;
    int vocab; /* size of the tokenizer's vocabulary */
    struct dataset *d;
    const char *why; /* the file cannot be used */
};

/* Not NULL for 0 bytes. */
static void *alloc_bytes(size_t bytes)
{
    return xalloc(bytes + 1, 1);
}

/* Is it a head of T's examples, whose arrays may be in SIZE bytes? */
static bool is_head(const struct token_head *h, const struct task *t, size_t size)
{
    bool labels = t->generates ? t->n_labels > 0 : !t->regression;

    return (h->regression != 0) == t->regression && (h->generates != 0) == t->generates &&
           (h->labels != 0) == labels && h->n >= 1 && h->n <= INT32_MAX && h->n_tokens >= h->n &&
           (uint64_t)h->n_tokens <= size && (uint64_t)h->n <= size && (uint64_t)h->n_refs <= size &&
           h->n_groups <= h->n;
}

/* Does the head have the right key, and the file the size that the head says? Then allocate the
 * arrays of the dataset. */
static bool alloc_arrays(struct reading *r, const struct token_head *h)
{
    const size_t fixed = sizeof *h + sizeof(XXH128_canonical_t), size = r->f->size;
    struct dataset *d = r->d;
    struct array a[N_ARRAYS];
    size_t need = fixed;

    if (memcmp(h->magic, "LOWRANKT", 8) != 0 || h->version != VERSION ||
        h->byte_order != BYTE_ORDER_MARK || memcmp(h->key, r->key, sizeof h->key) != 0 ||
        !is_head(h, r->task, size))
        return false;
    d->n = (int)h->n;
    d->n_tokens = (size_t)h->n_tokens;
    d->max_tokens = (int)h->max_tokens;
    d->n_truncated = (long)h->n_truncated;
    d->tokens_cut = (long)h->tokens_cut;
    d->n_skipped = (long)h->n_skipped;
    d->first_skipped = (long)h->first_skipped;
    d->off = alloc_bytes(((size_t)d->n + 1) * sizeof *d->off);
    d->line = alloc_bytes((size_t)d->n * sizeof *d->line);
    d->ids = alloc_bytes(d->n_tokens * sizeof *d->ids);
    d->second = alloc_bytes((size_t)d->n * sizeof *d->second);
    d->n_no_room = (long)h->n_no_room;
    d->first_no_room = (long)h->first_no_room;
    d->generates = h->generates != 0;
    d->n_groups = (int)h->n_groups;
    if (h->regression)
        d->target = alloc_bytes((size_t)d->n * sizeof *d->target);
    if (h->labels)
        d->label = alloc_bytes((size_t)d->n * sizeof *d->label);
    if (h->generates) {
        d->ref = alloc_bytes(((size_t)d->n + 1) * sizeof *d->ref);
        d->group = alloc_bytes((size_t)d->n * sizeof *d->group);
        d->refs = alloc_bytes((size_t)h->n_refs);
    }
    list_arrays(a, d, (size_t)h->n_refs);
    for (int i = 0; i < N_ARRAYS; i++)
        need += a[i].bytes;
    return need == size;
}

static bool are_references_possible(const struct dataset *d, size_t n_refs)
{
    int groups = 0;

    if (d->ref[0] != 0 || d->ref[d->n] != n_refs)
        return false;
    for (int i = 0; i < d->n; i++) {
        if (d->ref[i + 1] <= d->ref[i] || d->ref[i + 1] > n_refs ||
            d->refs[d->ref[i + 1] - 1] != 0 || d->group[i] < 0 || d->group[i] > groups)
            return false;
        groups += d->group[i] == groups;
    }
    return groups == d->n_groups;
}

/* A file with the right checksum may still come from a faulty program. */
static bool is_possible(const struct dataset *d, const struct task *t, int vocab, size_t n_refs)
{
    if (d->off[0] != 0 || d->off[d->n] != d->n_tokens)
        return false;
    for (int i = 0; i < d->n; i++) {
        if (d->off[i + 1] <= d->off[i] || d->off[i + 1] > d->n_tokens ||
            d->off[i + 1] - d->off[i] > (size_t)d->max_tokens || d->max_tokens < 1)
            return false;
        size_t n = d->off[i + 1] - d->off[i];
        if (d->second[i] < 0 || (size_t)d->second[i] > n || d->line[i] < 1)
            return false;
        if (d->target && !(d->target[i] >= t->lo && d->target[i] <= t->hi))
            return false;
        if (d->label && (d->label[i] < 0 || d->label[i] >= t->n_labels))
            return false;
        if (d->generates && (d->second[i] < 1 || (size_t)d->second[i] == n))
            return false;
    }
    if (d->generates && !are_references_possible(d, n_refs))
        return false;
    for (size_t i = 0; i < d->n_tokens; i++)
        if (d->ids[i] < 0 || d->ids[i] >= vocab)
            return false;
    return true;
}

static int read_arrays(void *arg)
{
    struct reading *r = arg;
    const unsigned char *at = r->f->data;
    struct array a[N_ARRAYS];
    struct token_head h;
    size_t body = r->f->size - sizeof(XXH128_canonical_t);

    r->why = "it is incomplete or of another version";
    if (r->f->size < sizeof h + sizeof(XXH128_canonical_t))
        return -1;
    memcpy(&h, at, sizeof h);
    if (!alloc_arrays(r, &h))
        return -1;
    r->why = "its checksum is wrong";
    XXH128_canonical_t sum = checksum(at, body);
    if (memcmp(&sum, at + body, sizeof sum) != 0)
        return -1;
    at += sizeof h;
    list_arrays(a, r->d, (size_t)h.n_refs);
    for (int i = 0; i < N_ARRAYS; i++) {
        if (a[i].bytes)
            memcpy(a[i].at, at, a[i].bytes);
        at += a[i].bytes;
    }
    r->why = "its content is impossible";
    return is_possible(r->d, r->task, r->vocab, (size_t)h.n_refs) ? 0 : -1;
}

/* 1: *d is what the file holds; 0: there is no usable file. */
static int token_cache_load(struct dataset *d, const char *path, const char *key,
                            const struct task *t, const struct tok *tok)
{
    struct file f;
    struct reading r = { .f = &f,
                         .key = key,
                         .task = t,
                         .vocab = tok_vocab(tok),
                         .d = d,
                         .why = "it changed while it was read" };

    *d = (struct dataset){ 0 };
    if (!file_exists(path))
        return 0;
    if (file_map(&f, path) != 0) {
        detail("cannot read tokens from the cache: %s", fail_text());
        return 0;
    }
    int rc = file_guard(&f, read_arrays, &r);
    file_unmap(&f);
    if (rc == 0 && generation_answers(d, t, tok) == 0)
        return 1;
    detail("cached tokens '%s' are not used: %s", path, r.why);
    dataset_free(d);
    return 0;
}

/* If the file cannot be written (a full disk, a read-only folder), the run goes on without it. */
static void token_cache_save(const struct dataset *d, const char *dir, const char *path,
                             const char *key)
{
    struct token_head h = token_head_make(key, d);
    struct array a[N_ARRAYS];
    size_t size = sizeof h;

    list_arrays(a, d, (size_t)h.n_refs);
    for (int i = 0; i < N_ARRAYS; i++)
        size += a[i].bytes;
    unsigned char *data = alloc_bytes(size + sizeof(XXH128_canonical_t)), *at = data;
    memcpy(at, &h, sizeof h);
    at += sizeof h;
    for (int i = 0; i < N_ARRAYS; i++) {
        if (a[i].bytes)
            memcpy(at, a[i].at, a[i].bytes);
        at += a[i].bytes;
    }
    XXH128_canonical_t sum = checksum(data, size);
    memcpy(at, &sum, sizeof sum);
    if (make_dirs(dir) != 0 || file_write(path, data, size + sizeof sum, FAIL_STORE) != 0)
        detail("cannot write tokens to the cache: %s", fail_text());
    free(data);
}

int token_cache_dataset(struct dataset *d, const struct task *t, enum split s, const char *dir,
                        const struct tok *tok, long max_len, const struct draw *w,
                        const struct token_cache *c)
{
    const struct draw all = { 0 };
    char key[65];

    CHECK(task_file(t, s) && strlen(c->file) == 64, "%s", t->name);
    token_cache_key(key, c, s, max_len > 0 ? max_len : t->max_len, w ? w : &all);
    char *path = path_join(c->dir, key);
    int rc = 0;
    if (token_cache_load(d, path, key, t, tok)) {
        d->path = path_join(dir, task_file(t, s));
        memcpy(d->sha256, c->file, sizeof d->sha256);
    } else {
        rc = dataset_load(d, t, s, dir, tok, max_len, w);
        /* the key is wrong for a data file that changed in the meantime */
        if (rc == 0 && !c->only_read && strcmp(d->sha256, c->file) == 0)
            token_cache_save(d, c->dir, path, key);
    }
    free(path);
    return rc;
}
